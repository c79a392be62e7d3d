/** A document's page: light or dark as it was chosen here, before anything is drawn. Everything else works without scripts. */
import { button } from '../dom.js'
import { keepSettings, readSettings } from '../local.js'
import { applyTheme, otherTheme } from '../theme.js'

applyTheme(readSettings().theme)
addEventListener('DOMContentLoaded', () => {
  button('theme-button', () => {
    const settings = readSettings()
    const theme = otherTheme(settings.theme)
    keepSettings({ ...settings, theme })
    applyTheme(theme)
  }).hidden = false
})
