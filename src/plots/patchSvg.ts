// How does the layer of words change sixty times a second without making elements? By keeping them and writing only what differs.
import type { Mark, TextRun } from './scene.ts'
import { runAttributes, svgElement } from './svgElement.ts'

const SVG = 'http://www.w3.org/2000/svg'

interface Kept {
  readonly tag: string
  readonly element: SVGElement
  attributes: Readonly<Record<string, string>>
  text: string
}

/** A group of elements that follows a list of marks. */
export interface SvgLayer {
  readonly group: SVGGElement
  patch(marks: readonly Mark[]): void
}

/** An empty layer at the end of `svg`. */
export function createSvgLayer(svg: SVGSVGElement): SvgLayer {
  const group = svg.ownerDocument.createElementNS(SVG, 'g')
  svg.append(group)
  const kept: Kept[] = []
  return {
    group,
    patch(marks) {
      for (const [index, mark] of marks.entries()) {
        const { tag, attributes, runs } = svgElement(mark)
        let item = kept[index]
        if (item?.tag !== tag) {
          const element = group.ownerDocument.createElementNS(SVG, tag)
          if (item === undefined) group.append(element)
          else item.element.replaceWith(element)
          item = { tag, element, attributes: {}, text: '' }
          kept[index] = item
        }
        writeAttributes(item, attributes)
        if (runs !== undefined) writeRuns(item, runs, Number(attributes['font-size']))
      }
      for (const extra of kept.splice(marks.length)) extra.element.remove()
    },
  }
}

function writeAttributes(item: Kept, attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) if (item.attributes[name] !== value) item.element.setAttribute(name, value)
  for (const name of Object.keys(item.attributes)) if (!Object.hasOwn(attributes, name)) item.element.removeAttribute(name)
  item.attributes = attributes
}

function writeRuns(item: Kept, runs: readonly TextRun[], size: number): void {
  const key = `${size} ${JSON.stringify(runs)}`
  if (key === item.text) return
  item.text = key
  const { element } = item
  if (runs.length === 1 && runs[0].shift === undefined && runs[0].italic === undefined) {
    element.textContent = runs[0].text
    return
  }
  element.replaceChildren()
  for (const [index, run] of runs.entries()) {
    const span = element.ownerDocument.createElementNS(SVG, 'tspan')
    for (const [name, value] of Object.entries(runAttributes(run, size, runs[index - 1]))) span.setAttribute(name, value)
    span.textContent = run.text
    element.append(span)
  }
}
