/** Where the API key is entered. */
import { button, byId, input } from './dom.js'
import { hasKey, setKey } from './run.js'

/** @returns opens it, with the server's own words if it refused */
export function addKeyDialog (onChange: () => void): (message?: string) => void {
  const dialog = byId('key-dialog', HTMLDialogElement)
  const key = input('key')
  const error = byId('key-error', HTMLElement)
  const opener = button('key-button', () => { open() })
  const use = (text: string): void => {
    setKey(text.trim())
    opener.classList.toggle('set', hasKey())
    opener.textContent = hasKey() ? 'API key set' : 'API key'
    onChange()
  }
  const open = (message = ''): void => {
    error.textContent = message
    error.hidden = message === ''
    if (!dialog.open) dialog.showModal()
    key.focus()
  }
  dialog.addEventListener('close', () => { if (dialog.returnValue === 'use') use(key.value) })
  button('key-forget', () => {
    key.value = ''
    use('')
    dialog.close()
  })
  return open
}
