/** How a conversation becomes a prompt: by the model's own template, in Jinja, or a plain one. */
import { join } from 'node:path'
import { Template } from '@huggingface/jinja'
import { problem, readJson, readText, unlessMissing } from './files.js'
import { reasonOf } from './quote.js'
import type { Tokenizer } from './tokenizer.js'

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** Files of a model's folder that its manifest need not list: a template, and a configuration that may hold one. */
export const CHAT_FILES = ['chat_template.jinja', 'tokenizer_config.json'] as const

/** Published templates have some ten thousand bytes; a configuration may hold several, and a line for each added token. */
const MAX_TEMPLATE_BYTES = 2 ** 20
const MAX_CONFIG_BYTES = 2 ** 24

/** What a model without a template gets: `User: ...` and `Assistant: ...`, an empty line after each, what the system says as it is. */
const PLAIN = [
  '{% for message in messages %}',
  "{% if message.role == 'user' %}{{ 'User: ' }}{% elif message.role == 'assistant' %}{{ 'Assistant: ' }}{% endif %}",
  "{{ message.content + '\\n\\n' }}",
  '{% endfor %}',
  "{{ 'Assistant: ' }}"
].join('')
const PLAIN_STOP = ['\n\nUser:', '\n\nAssistant:']

/** As far as it is looked at; special tokens are texts, or objects that hold them. */
interface TokenizerConfig {
  readonly chat_template?: string | ReadonlyArray<{ readonly name: string, readonly template: string }> | null
  readonly bos_token?: SpecialToken
  readonly eos_token?: SpecialToken
  readonly pad_token?: SpecialToken
}
type SpecialToken = string | { readonly content: string } | null

/** Stands for what an assistant said, in a conversation that shows what follows it. */
const SAID = 'What is said.'

export class ChatTemplate {
  /** In Jinja; null: the plain one. */
  readonly source: string | null
  readonly bosToken: string | null
  readonly eosToken: string | null
  readonly padToken: string | null
  /** Tokens that end a turn. */
  readonly endTokens: readonly number[]
  /** Texts that end one, where no token does. */
  readonly stop: readonly string[]
  readonly #tokenizer: Tokenizer
  readonly #template: Template

  /** @throws Error where the template is no Jinja */
  constructor (source: string | null, { bos_token: bos, eos_token: eos, pad_token: pad }: TokenizerConfig, tokenizer: Tokenizer) {
    this.source = source
    this.bosToken = contentOf(bos)
    this.eosToken = contentOf(eos)
    this.padToken = contentOf(pad)
    this.#tokenizer = tokenizer
    this.#template = new Template(source ?? PLAIN)
    this.stop = source === null ? PLAIN_STOP : []
    this.endTokens = [this.eosToken, this.#afterTurn()]
      .flatMap((text) => text === null ? [] : tokenizer.encode(text, { allowSpecial: true }).slice(0, 1))
      .filter((token) => tokenizer.isSpecial(token))
  }

  /**
   * chat_template.jinja in a model's folder, or tokenizer_config.json. @throws Error with one sentence: the file, and what is wrong in it
   */
  static async read (directory: string, tokenizer: Tokenizer): Promise<ChatTemplate> {
    const [jinja, configFile] = CHAT_FILES.map((name) => join(directory, name)) as [string, string]
    const config = (await readJson(configFile, MAX_CONFIG_BYTES).catch(unlessMissing) ?? {}) as TokenizerConfig
    const own = await readText(jinja, MAX_TEMPLATE_BYTES).catch(unlessMissing)
    const { chat_template: listed } = config
    const configured = Array.isArray(listed) ? listed.find(({ name }) => name === 'default')?.template : listed
    try {
      return new ChatTemplate(own ?? (configured as string | null | undefined) ?? null, config, tokenizer)
    } catch (cause) {
      throw problem(own === undefined ? configFile : jinja, `its chat template cannot be understood: ${reasonOf(cause)}`, cause)
    }
  }

  /**
   * @returns a prompt in which only the template's own special tokens are such: what is spelt like one in a message is text
   * @throws Error in the template's words, where it does not take such a conversation
   */
  render (messages: readonly ChatMessage[]): string {
    return this.#render(messages.map(({ role, content }) => ({ role, content: this.#tokenizer.asText(content) })), true)
  }

  #render (messages: readonly ChatMessage[], add: boolean): string {
    return this.#template.render({ messages, bos_token: this.bosToken ?? '', eos_token: this.eosToken ?? '', add_generation_prompt: add })
  }

  /** What the template writes after what an assistant said. */
  #afterTurn (): string | null {
    if (this.source === null) return null
    try {
      const text = this.#render([{ role: 'user', content: SAID }, { role: 'assistant', content: SAID }], false)
      return text.slice(text.lastIndexOf(SAID) + SAID.length).trimStart()
    } catch {
      return null // it takes no such conversation
    }
  }
}

function contentOf (token: SpecialToken | undefined): string | null {
  return typeof token === 'object' ? token?.content ?? null : token ?? null
}
