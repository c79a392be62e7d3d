/** Light or dark: as the system has it, or as was chosen here. */
import type { Settings } from './local.js'

export function applyTheme (theme: Settings['theme']): void {
  document.documentElement.dataset['theme'] = theme
}

/** The other of the two than is seen now. */
export function otherTheme (theme: Settings['theme']): Settings['theme'] {
  const seen = theme === 'system' ? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') : theme
  return seen === 'dark' ? 'light' : 'dark'
}
