// How does a plot leave the page as a file? One standalone SVG text, everything vector, nothing fetched.
import type { Box, Mark } from './scene.ts'
import { runAttributes, short, svgElement, type SvgElement } from './svgElement.ts'
import type { PlotTheme } from './theme.ts'

export const FONT_FAMILY = "Inter, 'Segoe UI', system-ui, 'DejaVu Sans', sans-serif"

/** The scene as a standalone SVG document with a title and a description; every text is escaped. */
export function svgMarkup(
  marks: readonly Mark[],
  size: { readonly width: number; readonly height: number },
  theme: PlotTheme,
  title: string,
  description: string,
): string {
  const clips: Box[] = []
  const body = marks.map((mark) => markup(svgElement(mark), clips)).join('\n')
  const paths = clips.map(
    (clip, index) =>
      `<clipPath id="clip${index}"><rect x="${short(clip.x)}" y="${short(clip.y)}" width="${short(clip.width)}" height="${short(clip.height)}"/></clipPath>`,
  )
  const defs = paths.length === 0 ? '' : `<defs>${paths.join('')}</defs>\n`
  const { width, height } = { width: short(size.width), height: short(size.height) }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${escaped(FONT_FAMILY)}" style="font-variant-numeric:tabular-nums">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${escaped(theme.background)}"/>`,
    `${defs}${body}`,
    '</svg>',
    '',
  ].join('\n')
}

function markup(element: SvgElement, clips: Box[]): string {
  const attributes = attributeText(element.attributes)
  const clip = element.clip === undefined ? '' : ` clip-path="url(#clip${clipNumber(element.clip, clips)})"`
  if (element.children !== undefined) return `<g${attributes}${clip}>${element.children.map((child) => markup(child, clips)).join('')}</g>`
  if (element.runs === undefined) return `<${element.tag}${attributes}${clip}/>`
  const size = Number(element.attributes['font-size'])
  const runs = element.runs.map((run, index) => {
    const shifts = attributeText(runAttributes(run, size, element.runs![index - 1]))
    return shifts === '' ? escaped(run.text) : `<tspan${shifts}>${escaped(run.text)}</tspan>`
  })
  return `<text${attributes}${clip}>${runs.join('')}</text>`
}

function clipNumber(clip: Box, clips: Box[]): number {
  const found = clips.findIndex(
    (other) => other.x === clip.x && other.y === clip.y && other.width === clip.width && other.height === clip.height,
  )
  return found >= 0 ? found : clips.push(clip) - 1
}

function attributeText(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
