/** From messages to a prompt. */
import { FewstepError } from '../../errors.js'
import { checkWellFormed, maxTextBytes, type TextRequest } from '../../generation/index.js'
import type { Model } from '../../model/model.js'
import { shorten } from '../errors/shorten.js'
import type { ChatRequest, Message } from './schemas/chat.js'

type ChatPrompt = Pick<TextRequest, 'prompt' | 'allowSpecial' | 'endTokens' | 'stop'>

/**
 * @returns the prompt, and what ends an answer
 * @throws FewstepError prompt_too_long, or invalid_request where the template does not take such a conversation
 */
export function toChatPrompt (model: Model, messages: ChatRequest['messages']): ChatPrompt {
  const said = messages.map(({ role, content }) => ({ role: role === 'developer' ? 'system' : role, content: textOf(content) }))
  const most = maxTextBytes(model)
  if (said.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) > most) {
    throw new FewstepError('prompt_too_long', `messages have more than ${most} bytes of text, far more than the model's canvas holds; ` +
      'shorten them', { field: 'messages' })
  }
  for (const { content } of said) checkWellFormed('messages', content)
  const { chat } = model
  // The template's own special tokens are such; `render` sees to it that those in messages are text.
  return { prompt: rendered(model, said), allowSpecial: true, endTokens: chat.endTokens, stop: chat.stop }
}

function rendered ({ chat }: Model, messages: Parameters<Model['chat']['render']>[0]): string {
  try {
    return chat.render(messages)
  } catch (cause) {
    const reason = shorten((cause as Error).message, 200)
    throw new FewstepError('invalid_request', `the model's chat template does not take these messages: ${reason}`, { field: 'messages', cause })
  }
}

function textOf (content: Message['content']): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('\n')
}
