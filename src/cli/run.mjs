// How does plain Node run our TypeScript entries?
//
// Through Vite's module runner: it strips types and resolves modules as the build does, so Node 20 needs no further package.
// A server that listens nowhere, not `runnerImport`: that closes its runner at once, and our engines import their parts late.
// Usage: node src/cli/run.mjs <entry.ts> [arguments]; the entry exports `main(args)`, which answers with the exit code.
import { resolve } from 'node:path'
import { createServer } from 'vite'

const [entry, ...args] = process.argv.slice(2)
const { NODE_ENV } = process.env
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
})
// Vite says "development" to the whole process; a build that an entry starts would inherit it and ship React's development half.
if (NODE_ENV === undefined) delete process.env.NODE_ENV
try {
  const { main } = await server.ssrLoadModule(resolve(entry))
  process.exitCode = await main(args)
} finally {
  await server.close()
}
