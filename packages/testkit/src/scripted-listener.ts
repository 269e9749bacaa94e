import type { ConnectionOptions } from 'node:tls'
import { decodeServiceMessage } from '@postern/protocol'
import { Opcode } from '@postern/websocket'
import { MessageQueue } from './message-queue.ts'
import { type RawFrame, RawWebSocket } from './raw-web-socket.ts'

type ServiceMessage = ReturnType<typeof decodeServiceMessage>

export interface ScriptedListenerOptions {
  /** `wss://host:port/$hc/name?sb-hc-action=listen...` */
  readonly url: string
  readonly token: string
  readonly tls: ConnectionOptions
  readonly headers?: Readonly<Record<string, string>>
}

/** A listener that does only what the test says: it shows each message and opens rendezvous on demand. */
export class ScriptedListener {
  readonly control: RawWebSocket
  readonly messages: MessageQueue<ServiceMessage> = new MessageQueue()
  /** Bodies and control frames that came on the control channel, in order. */
  readonly others: MessageQueue<RawFrame> = new MessageQueue()
  readonly #tls: ConnectionOptions

  private constructor(control: RawWebSocket, tls: ConnectionOptions) {
    this.control = control
    this.#tls = tls
    void this.#read()
  }

  static async open(options: ScriptedListenerOptions): Promise<ScriptedListener> {
    const headers = { ServiceBusAuthorization: options.token, ...options.headers }
    return new ScriptedListener(await RawWebSocket.dial({ url: options.url, headers, tls: options.tls }), options.tls)
  }

  /** The next accept message, or an error when something else comes. */
  async nextAccept(): Promise<Extract<ServiceMessage, { kind: 'accept' }>['message']> {
    const message = await this.messages.next()
    if (message.kind !== 'accept') throw new Error(`expected accept, got ${JSON.stringify(message)}`)
    return message.message
  }

  async nextRequest(): Promise<Extract<ServiceMessage, { kind: 'request' }>['message']> {
    const message = await this.messages.next()
    if (message.kind !== 'request') throw new Error(`expected request, got ${JSON.stringify(message)}`)
    return message.message
  }

  /** Opens the rendezvous at an address from a message. */
  rendezvous(
    address: string,
    options: { readonly protocols?: readonly string[]; readonly extensions?: string } = {},
  ): Promise<RawWebSocket> {
    return RawWebSocket.dial({ url: address, tls: this.#tls, ...options })
  }

  close(): void {
    this.control.close(1000)
    this.control.socket.end()
  }

  async #read(): Promise<void> {
    for (;;) {
      let frame: RawFrame
      try {
        frame = await this.control.frames.next(2 ** 31 - 1)
      } catch (error) {
        this.messages.fail(error as Error)
        this.others.fail(error as Error)
        return
      }
      if (frame.opcode === Opcode.text) this.messages.push(decodeServiceMessage(frame.payload.toString()))
      else if (frame.opcode === Opcode.ping) this.control.send(Opcode.pong, frame.payload)
      else this.others.push(frame)
    }
  }
}
