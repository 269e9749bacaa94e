import { formatErrorText, type RequestMessage, type ResponseMessage } from '@postern/protocol'
import type { KeepAlive } from '@postern/websocket'
import { DialFailure, dialRelay } from '../connection/dial-relay.ts'
import type { RelayLocation } from '../connection/relay-options.ts'
import { checkRendezvousAddress } from '../connection/rendezvous-address.ts'
import type { ControlChannel } from '../listener/control-channel.ts'
import type { ListenerOptions } from '../listener/listener-options.ts'
import { RelayedRequest } from './relayed-request.ts'
import { RelayedResponse, type ResponseBodyEvents, type ResponseTransport } from './relayed-response.ts'
import { RequestRendezvous } from './request-rendezvous.ts'

/** As .NET waits for a rendezvous. */
const rendezvousTimeoutMs = 20_000

/** What {@link RequestDispatcher} works with. */
export interface RequestDispatcherOptions {
  readonly relay: RelayLocation
  readonly keepAlive: KeepAlive
  readonly onRequest: ListenerOptions['onRequest']
  /** A handler has thrown, or a rendezvous could not be opened. */
  readonly onProblem: (error: Error) => void
}

/** Where the response to a message goes: the relay would drop it. */
const unheardResponse: ResponseTransport = {
  sendWhole: () => {},
  begin: () => Promise.resolve({ write: () => true, end: () => {}, abort: () => {} }),
}

/** Brings HTTP requests to the application's handler, and its answers back the way that their size asks for. */
export class RequestDispatcher {
  readonly #options: RequestDispatcherOptions

  constructor(options: RequestDispatcherOptions) {
    this.#options = options
  }

  /** A request that came whole over the control channel. */
  fromControlChannel(channel: ControlChannel, message: RequestMessage, body: Uint8Array): void {
    const request = new RelayedRequest(message)
    if (body.length > 0) request.deliver(body)
    request.deliverEnd()
    const transport: ResponseTransport = request.delivery
      ? unheardResponse
      : {
          sendWhole: (head, bytes) => void channel.respond(head, bytes),
          begin: (head, events) => this.#openForResponse(message.address, head, request, events),
        }
    void this.#handle(request, new RelayedResponse(message.id, transport))
  }

  /** A request that waits at a rendezvous address. */
  fromRendezvous(address: string): void {
    this.#fetch(address).catch((error: Error) => this.#options.onProblem(error))
  }

  async #fetch(address: string): Promise<void> {
    let request: RelayedRequest | undefined
    let events: ResponseBodyEvents | undefined
    const rendezvous: RequestRendezvous = new RequestRendezvous(await this.#dial(address), this.#options.keepAlive, {
      onRequest: (message) => {
        request = new RelayedRequest(message, rendezvous)
        if (!message.body) request.deliverEnd()
        const transport: ResponseTransport = {
          sendWhole: (head, bytes) => {
            rendezvous.respond(head)
            if (!head.body) rendezvous.finish()
            else {
              rendezvous.write(bytes)
              rendezvous.end()
            }
          },
          begin: (head, bodyEvents) => {
            events = bodyEvents
            rendezvous.respond(head)
            return Promise.resolve(rendezvous)
          },
        }
        void this.#handle(request, new RelayedResponse(message.id, transport))
      },
      onBody: (chunk) => request?.deliver(chunk),
      onBodyEnd: () => request?.deliverEnd(),
      onDrain: () => events?.onDrain(),
      onGone: (error) => {
        request?.abandon(error)
        events?.onGone(error)
      },
    })
  }

  async #openForResponse(
    address: string,
    head: ResponseMessage,
    request: RelayedRequest,
    events: ResponseBodyEvents,
  ): Promise<RequestRendezvous> {
    const ignore = (): void => {}
    const rendezvous = new RequestRendezvous(await this.#dial(address), this.#options.keepAlive, {
      onRequest: ignore,
      onBody: ignore,
      onBodyEnd: ignore,
      onDrain: () => events.onDrain(),
      onGone: (error) => {
        request.abandon(error)
        events.onGone(error)
      },
    })
    rendezvous.respond(head)
    return rendezvous
  }

  async #dial(address: string): ReturnType<typeof dialRelay> {
    const { relay } = this.#options
    try {
      const url = checkRendezvousAddress(address, relay)
      return await dialRelay(relay, { url, role: 'rendezvous', timeoutMs: rendezvousTimeoutMs })
    } catch (thrown) {
      throw thrown instanceof DialFailure ? thrown.error : thrown
    }
  }

  async #handle(request: RelayedRequest, response: RelayedResponse): Promise<void> {
    const { onRequest, onProblem } = this.#options
    response.on('error', onProblem)
    try {
      if (onRequest) await onRequest(request, response)
      else this.#fail(request, response, 501, 'This listener takes no HTTP requests')
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (response.headersSent) {
        response.destroy(error)
        return
      }
      onProblem(error)
      this.#fail(request, response, 500, "The listener's handler failed")
    }
  }

  #fail(request: RelayedRequest, response: RelayedResponse, status: number, text: string): void {
    const { host, path } = this.#options.relay
    response.statusCode = status
    response.statusDescription = formatErrorText(text, {
      trackingId: request.id,
      address: `sb://${host}/${path}`,
      at: new Date(),
    })
    response.end()
  }
}
