// What computes, and why that? A chip that never claims more than the Worker said.
import { Cpu } from 'lucide-react'
import type { EngineChip } from '../core/engineChip.ts'
import { namesSoftwareAdapter } from '../core/softwareAdapter.ts'
import { Popover } from './dialogs/Popover.tsx'
import { useLabState } from './lab.tsx'

const ENGINE_WORDS: Readonly<Record<EngineChip['engine'], string>> = {
  chain: 'chain engine',
  float64: 'float64',
  network: 'tfjs',
  fused: 'fused',
}

/** "WebGPU · fused" in green, "CPU · float64" neutral; the popover has adapter, precision and reason per arm. */
export function BackendChip() {
  const chips = useLabState((state) => state.chips)
  const onCpuAfterLoss = useLabState((state) => state.run.onCpuAfterLoss)
  const first = chips.A
  if (first === undefined) return null
  const alike = chips.B !== undefined && JSON.stringify(chips.B) === JSON.stringify(first)
  const webgpu = first.backend === 'webgpu'
  const software = webgpu && namesSoftwareAdapter(first.adapter ?? '')
  const tone = onCpuAfterLoss || software ? 'warn' : webgpu ? 'good' : 'neutral'
  return (
    <Popover
      buttonClass="chip"
      tone={tone}
      align="end"
      button={
        <>
          <Cpu width={14} height={14} aria-hidden="true" />
          {webgpu ? 'WebGPU' : 'CPU'}
          <span className="not-narrow">· {ENGINE_WORDS[first.engine]}</span>
        </>
      }
    >
      {() => (
        <div className="backend">
          <h2 className="section-title">What computes here</h2>
          {(['A', 'B'] as const).map((arm) => {
            const chip = chips[arm]
            if (chip === undefined || (arm === 'B' && alike)) return null
            return (
              <dl key={arm} className="facts">
                {chips.B !== undefined && (
                  <>
                    <dt>{alike ? 'Arms' : 'Arm'}</dt>
                    <dd>
                      <span className={arm === 'A' ? 'arm-a' : 'arm-b'}>{arm}</span>
                      {alike && (
                        <>
                          {' and '}
                          <span className="arm-b">B</span>
                        </>
                      )}
                    </dd>
                  </>
                )}
                <dt>Engine</dt>
                <dd>
                  {chip.backend === 'webgpu' ? 'WebGPU' : 'CPU'}, {ENGINE_WORDS[chip.engine]}
                </dd>
                {chip.adapter !== null && (
                  <>
                    <dt>Adapter</dt>
                    <dd>{chip.adapter}</dd>
                  </>
                )}
                <dt>Numbers</dt>
                <dd>{chip.precision}</dd>
                <dt>Why</dt>
                <dd>{chip.reason}</dd>
              </dl>
            )
          })}
          {onCpuAfterLoss && (
            <p className="small">The GPU was lost twice, so this run goes on without it. Reload the page to try the GPU again.</p>
          )}
          {software && <p className="small">This adapter is software: the numbers are right, the speed is not that of a GPU.</p>}
        </div>
      )}
    </Popover>
  )
}
