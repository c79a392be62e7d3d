/** Names of headings, as GitHub makes them: links into a document hold there and here. */
export class Slugs {
  readonly #used = new Map<string, number>()

  /** @param heading its text, without marks */
  of (heading: string): string {
    const slug = heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '').replaceAll(' ', '-')
    const before = this.#used.get(slug) ?? 0
    this.#used.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  }
}
