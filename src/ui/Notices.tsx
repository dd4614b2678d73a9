// What must be told? Repairs of a link, and short news; each one a sentence that can be sent away.
import { X } from 'lucide-react'
import { useEffect } from 'react'
import type { Toast } from '../store/labState.ts'
import { useLab, useLabState } from './lab.tsx'

const TOAST_MS = 8000

/** The stack in the lower right corner. */
export function Notices() {
  const { view } = useLab()
  const notices = useLabState((state) => state.notices)
  const toasts = useLabState((state) => state.toasts)
  if (notices.length === 0 && toasts.length === 0) return null
  return (
    <div className="notices">
      {notices.length > 0 && (
        <div className="notice" data-tone="warning" role="status">
          <div className="grow">
            {notices.length === 1 ? notices[0].text : `${notices.length} settings did not fit and were adjusted.`}
            {notices.length > 1 && (
              <ul>
                {notices.slice(0, 6).map((notice) => (
                  <li key={`${notice.path}${notice.text}`}>{notice.text}</li>
                ))}
              </ul>
            )}
          </div>
          <button type="button" className="close" aria-label="Dismiss" onClick={view.dismissNotices}>
            <X width={14} height={14} />
          </button>
        </div>
      )}
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { view } = useLab()
  useEffect(() => {
    if (toast.tone === 'error') return undefined
    const timer = setTimeout(() => view.dismissToast(toast.id), TOAST_MS)
    return () => clearTimeout(timer)
  }, [toast, view])
  return (
    <div className="notice" data-tone={toast.tone} role="status">
      <div className="grow">{toast.text}</div>
      <button type="button" className="close" aria-label="Dismiss" onClick={() => view.dismissToast(toast.id)}>
        <X width={14} height={14} />
      </button>
    </div>
  )
}
