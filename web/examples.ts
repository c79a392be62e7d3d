/** What the page begins with, and what else to try. */
import { EMPTY, type Fields } from './fields.js'

export const EXAMPLES: Readonly<Record<string, Fields>> = {
  story: { ...EMPTY, text: 'Once upon a time there was a little girl who', length: '96', seed: '7' },
  gaps: { ...EMPTY, text: 'The little dog was sad because [[12]]. Then his friend [[16]]. In the end they [[12]]', seed: '3' },
  budgets: { ...EMPTY, text: 'One day, a boy and his dog went to the park.', length: '80', seed: '5', steps: '4', compare: 'on', steps2: '32' }
}
