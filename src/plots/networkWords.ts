// What is this network, in one line? Equal layers counted, not listed: "14×14 → 4 conv 16 → mean → 10".
import { channelsOf, imageAfter, inputWidthOf, isWeighted, outputWidthOf, type LayerSpec } from '../core/networkSpec.ts'

/** One line for a layer list; norms and skips follow after a dot. */
export function networkWords(layers: readonly LayerSpec[]): string {
  const extras = networkExtras(layers)
  return extras === '' ? networkPath(layers) : `${networkPath(layers)} · ${extras}`
}

/** From the input to the output, without norms and skips. */
export function networkPath(layers: readonly LayerSpec[]): string {
  const parts: { text: string; count: number }[] = []
  for (const layer of layers) {
    const text = partWords(layer)
    const last = parts.at(-1)
    if (last?.text === text) last.count++
    else parts.push({ text, count: 1 })
  }
  return [inputWords(layers[0]), ...parts.flatMap(counted)].join(' → ')
}

/** "batch norm · 3 skips"; empty for a plain network. */
export function networkExtras(layers: readonly LayerSpec[]): string {
  const weighted = layers.filter(isWeighted)
  const norm = weighted.find((layer) => layer.norm !== undefined)?.norm
  const skips = weighted.filter((layer) => layer.skip !== undefined).length
  return [...(norm === undefined ? [] : [`${norm.kind} norm`]), ...(skips === 0 ? [] : [skips === 1 ? '1 skip' : `${skips} skips`])].join(
    ' · ',
  )
}

/** "layer 3: conv 3×3, 16 → 16 channels, 14×14, batch norm, skip": one weighted layer for a readout. */
export function layerWords(layer: LayerSpec): string {
  if (!isWeighted(layer)) return ''
  const size =
    layer.kind === 'dense'
      ? `dense, ${layer.fanIn} → ${layer.fanOut}`
      : `conv ${layer.kernel}×${layer.kernel}, ${layer.inChannels} → ${layer.outChannels} channels, ${imageAfter(layer).join('×')}`
  const norm = layer.norm === undefined ? '' : `, ${layer.norm.kind} norm`
  return `${size}${norm}${layer.skip === undefined ? '' : ', skip joins'}`
}

function inputWords(layer: LayerSpec): string {
  if (layer.kind === 'dense') return String(inputWidthOf(layer))
  return `${layer.height}×${layer.width}`
}

function partWords(layer: LayerSpec): string {
  switch (layer.kind) {
    case 'dense':
      return String(outputWidthOf(layer))
    case 'conv':
      return `conv ${channelsOf(layer)}${layer.stride > 1 ? ' ↓' : ''}`
    case 'pool':
      return { average: 'mean pool', max: 'max pool', globalAverage: 'mean' }[layer.pooling]
    default:
      return layer satisfies never
  }
}

/** "64 → 64" twice, then "3 × 64"; "4 conv 16". */
function counted({ text, count }: { readonly text: string; readonly count: number }): readonly string[] {
  if (count === 1) return [text]
  if (text.startsWith('conv')) return [`${count} ${text}`]
  return count === 2 ? [text, text] : [`${count} × ${text}`]
}
