import { RelayError } from '@postern/protocol'
import type { KeepAlive } from '@postern/websocket'
import { codeOfText } from '../connection/code-of-text.ts'
import type { DialedSocket } from '../connection/dial-relay.ts'
import { MessageSocket, type MessageSocketEnd } from '../connection/message-socket.ts'
import { type MessageAnswer, readMessageAnswer } from './message-answer.ts'
import { checkMessageSize, type MessageBody, type MessageReceipt } from './message-options.ts'
import { unknownDelivery } from './unknown-delivery.ts'

/** The relay stops reading when it owes us this many answers: more would wait in buffers on the way. messages.md */
const maxUnanswered = 64

/** Messages that wait for their turn here. Who heeds {@link MessageStream.ready} never has more than one. */
const maxWaiting = 1_024

/** Answers are a line of JSON; a reason has at most 512 characters. */
const maxAnswerBytes = 4_096

/** What {@link MessageStream} is made from. */
export interface MessageStreamParts extends Pick<DialedSocket, 'socket' | 'head'> {
  readonly keepAlive: KeepAlive
  readonly maxMessageBytes: number
}

interface Sent {
  readonly resolve: (receipt: MessageReceipt) => void
  readonly reject: (error: RelayError) => void
}

interface Waiting extends Sent {
  readonly body: MessageBody
}

/**
 * Sends many messages over one WebSocket, in order: what {@link Sender.openMessages} gives. The relay answers each of them; up to 64
 * may be unanswered. When the connection breaks, unanswered messages are rejected with `DeliveryUnknown`, and nothing is repeated:
 * only the caller knows whether receiving twice does harm.
 *
 * @example
 * await using messages = await sender.openMessages('publish')
 * for await (const line of lines) {
 *   await messages.ready
 *   messages.send(line).catch((error) => console.error(error.message))
 * }
 * await messages.close()
 */
export class MessageStream implements AsyncDisposable {
  readonly #messages: MessageSocket
  readonly #maxMessageBytes: number
  /** Written, in order; the first one gets the next answer. */
  readonly #unanswered: Sent[] = []
  readonly #waiting: Waiting[] = []
  readonly #ended = Promise.withResolvers<void>()
  #ready: PromiseWithResolvers<void> | undefined
  #isFlushed = true
  #isClosing = false
  #violation: RelayError | undefined
  /** Set once the connection is over. */
  #end: RelayError | undefined

  /** Made by {@link Sender.openMessages}. */
  constructor({ socket, head, keepAlive, maxMessageBytes }: MessageStreamParts) {
    this.#maxMessageBytes = maxMessageBytes
    this.#messages = new MessageSocket({
      socket,
      head,
      keepAlive,
      maxTextBytes: maxAnswerBytes,
      maxBinaryBytes: 0,
      onText: (text) => this.#onAnswer(text),
      onBinary: () => this.#fail('The relay has sent bytes where an answer was due'),
      onUnreadable: () => this.#fail('The relay has sent an answer that is too long'),
      onDrain: () => {
        this.#isFlushed = true
        this.#pump()
      },
      onEnd: (end) => this.#onEnd(end),
    })
  }

  /** Messages that the relay has not answered yet, those included that wait here. */
  get unanswered(): number {
    return this.#unanswered.length + this.#waiting.length
  }

  /** False once it is closed, or the connection is lost. */
  get isOpen(): boolean {
    return !this.#isClosing && this.#end === undefined
  }

  /** Resolves when a message would leave at once, and also when the stream is over: `send` then says why. */
  get ready(): Promise<void> {
    if (this.#mayWrite && this.#waiting.length === 0) return Promise.resolve()
    if (this.#end) return Promise.resolve()
    this.#ready ??= Promise.withResolvers<void>()
    return this.#ready.promise
  }

  /**
   * Sends one message. Calls need not wait for each other: messages leave in the order of calls.
   *
   * @throws {RelayError} with the code of the relay's nack (NoListenersForRequest, TooManyMessages, ...); MessageTooLarge;
   *   DeliveryUnknown when the connection broke before the answer; ConnectionFailed when it broke before the message was sent, or the
   *   stream is closed; QuotaExceeded when 1,024 wait: `await ready` holds callers back.
   */
  send(body: MessageBody): Promise<MessageReceipt> {
    return new Promise((resolve, reject) => {
      checkMessageSize(typeof body === 'string' ? Buffer.byteLength(body) : body.length, this.#maxMessageBytes)
      if (this.#isClosing || this.#end) return reject(this.#unsent())
      if (this.#waiting.length >= maxWaiting) {
        const message = `${maxWaiting} messages wait for the relay to take them`
        return reject(new RelayError('QuotaExceeded', { message, help: 'Wait for `ready` before each message.' }))
      }
      this.#waiting.push({ body, resolve, reject })
      this.#pump()
    })
  }

  /**
   * Takes no more messages, waits for the answers to those that were sent, and closes.
   *
   * @param signal ends the wait: unanswered messages are rejected with DeliveryUnknown.
   */
  async close({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#isClosing = true
    const onAbort = (): void => this.#messages.abort()
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    this.#closeWhenAnswered()
    await this.#ended.promise
    signal?.removeEventListener('abort', onAbort)
  }

  /** The same as {@link MessageStream.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #mayWrite(): boolean {
    return this.#isFlushed && this.#unanswered.length < maxUnanswered
  }

  #pump(): void {
    while (this.#mayWrite && this.#end === undefined) {
      const next = this.#waiting.shift()
      if (!next) break
      this.#unanswered.push(next)
      const { body } = next
      this.#isFlushed = typeof body === 'string' ? this.#messages.sendText(body) : this.#messages.sendBinary(body)
    }
    if (this.#mayWrite && this.#waiting.length === 0) this.#tellReady()
  }

  #tellReady(): void {
    this.#ready?.resolve()
    this.#ready = undefined
  }

  #onAnswer(text: string): void {
    const answer: MessageAnswer | undefined = readMessageAnswer(text)
    const sent = answer && this.#unanswered.shift()
    // The message that it was for is rejected with the others.
    if (!sent) return this.#fail('The relay has sent an answer that cannot be understood')
    if ('receipt' in answer) sent.resolve(answer.receipt)
    else sent.reject(answer.error)
    this.#pump()
    this.#closeWhenAnswered()
  }

  #closeWhenAnswered(): void {
    if (this.#isClosing && this.unanswered === 0) this.#messages.close()
  }

  /** Whose answer the next one is cannot be told any more. */
  #fail(message: string): void {
    this.#violation ??= new RelayError('ProtocolViolation', { message })
    this.#messages.abort()
  }

  #onEnd(how: MessageSocketEnd): void {
    const end = this.#violation ?? describeEnd(how)
    this.#end = end
    for (const { reject } of this.#unanswered.splice(0)) reject(unknownDelivery(end))
    for (const { reject } of this.#waiting.splice(0)) reject(this.#unsent())
    this.#tellReady()
    this.#ended.resolve()
  }

  #unsent(): RelayError {
    const why = this.#end ?? new RelayError('ConnectionFailed', { message: 'The stream of messages is closed' })
    const message = `${why.message}; the message was not sent`
    return new RelayError(why.code, { message, cause: why, ...(why.help !== undefined && { help: why.help }) })
  }
}

function describeEnd({ how, code, reason, cause }: MessageSocketEnd): RelayError {
  if (how === 'silent') return new RelayError('ConnectionFailed', { message: 'The relay has gone silent', cause })
  if (how === 'cut')
    return new RelayError('ConnectionFailed', { message: 'The connection to the relay was cut', cause })
  const known = codeOfText(reason, (entry) => entry.closeCode === code)
  const message = `The relay has closed the connection: ${code} ${reason}`.trimEnd()
  return new RelayError(known?.code ?? 'ConnectionFailed', { message, cause })
}
