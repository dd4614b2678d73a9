// Which policy does the built page live under, and how does it get there?
//
// A meta tag, because the page must keep it on any static host; the development server needs inline script and goes without.
// A meta tag does not cover a Worker that is loaded by URL, so the preview server sends the header on scripts as well.
import type { Plugin } from 'vite'

/** The page trains under this policy: nothing from elsewhere, no eval, no inline script; `style` attributes are what D3 and React set. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ')

/** Writes the policy into index.html at build time and onto the scripts of `vite preview`. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'plateau:content-security-policy',
    apply: (_config, { command, isPreview }) => command === 'build' || isPreview === true,
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY }, injectTo: 'head-prepend' },
      ],
    },
    configurePreviewServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url !== undefined && /\.js(\?|$)/.test(request.url)) {
          response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY)
        }
        next()
      })
    },
  }
}
