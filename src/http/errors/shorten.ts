/** What a stranger sent, fit to be quoted in a message: its first characters, all of them whole. */
export function shorten (text: string, length = 64): string {
  const cut = text.slice(0, length)
  return (cut.length < text.length ? cut.replace(/[\ud800-\udbff]$/, '') : cut).toWellFormed()
}
