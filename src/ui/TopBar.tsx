// What stands above everything? Where one is, what computes, and the ways out: share, export, theme, help.
import { CircleHelp, Moon, PanelRight, Sun } from 'lucide-react'
import { BackendChip } from './BackendChip.tsx'
import { ExportMenu } from './dialogs/ExportMenu.tsx'
import { ShareButton } from './dialogs/ShareDialog.tsx'
import { useLab, useLabState } from './lab.tsx'
import { LessonMenu } from './LessonMenu.tsx'
import { Logo } from './Logo.tsx'

interface TopBarProps {
  readonly onHelp: () => void
  readonly theoryOpen: boolean
  readonly onTheory: () => void
}

/** The bar of the full page; an embed has none. */
export function TopBar({ onHelp, theoryOpen, onTheory }: TopBarProps) {
  const { view } = useLab()
  const theme = useLabState((state) => state.theme)
  return (
    <header className="topbar">
      <div className="logo">
        <Logo />
        <span>Plateau</span>
      </div>
      <LessonMenu />
      <span className="grow" />
      <BackendChip />
      <ShareButton />
      <ExportMenu />
      <button type="button" className="button only-drawer" aria-expanded={theoryOpen} onClick={onTheory}>
        <PanelRight /> <span className="label">Theory</span>
      </button>
      <button
        type="button"
        className="icon-button quiet"
        aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        title="Light or dark (T)"
        onClick={view.toggleTheme}
      >
        {theme === 'dark' ? <Sun /> : <Moon />}
      </button>
      <button type="button" className="icon-button quiet" aria-label="Help" title="Help (?)" onClick={onHelp}>
        <CircleHelp />
      </button>
    </header>
  )
}
