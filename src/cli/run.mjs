// How does plain Node run our TypeScript entries?
//
// Through Vite's runner: it strips types and resolves modules as the build does, so Node 20 needs no further package.
// Usage: node src/cli/run.mjs <entry.ts> [arguments]; the entry exports `main(args)`, which answers with the exit code.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runnerImport } from 'vite'

const [entry, ...args] = process.argv.slice(2)
const { module } = await runnerImport(pathToFileURL(resolve(entry)).pathname, { configFile: false, logLevel: 'error' })
process.exitCode = await module.main(args)
