// What does the page say when a run was saved, moved or lost? What happened, what was kept, what to do.
import type { IncidentKind, SupervisorNotice } from '../protocol/supervisorState.ts'

const HAPPENED: Readonly<Record<IncidentKind, string>> = {
  lost: 'The GPU was lost',
  poisoned: 'The GPU gave numbers that cannot be trusted',
  hung: 'The computation stopped answering',
  failed: 'The computation failed',
}

/** One or two sentences. */
export function noticeText(notice: Exclude<SupervisorNotice, { type: 'gaveUp' }>): string {
  switch (notice.type) {
    case 'recovering':
      return `${HAPPENED[notice.kind]}. The run goes on from step ${notice.step}; nothing measured is lost.`
    case 'onCpu':
      return `${HAPPENED[notice.kind]} again, so the run goes on without the GPU. Reload the page to try the GPU once more.`
    default:
      return notice satisfies never
  }
}
