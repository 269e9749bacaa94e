import { askResolver } from './ask-resolver.ts'
import type { Question } from './question.ts'
import type { SocketPlace } from './socket-address.ts'

/** What a {@link QueryForwarder} works with. */
export interface QueryForwarderOptions {
  /** Asked one after the other, until one answers. */
  readonly resolvers: () => readonly SocketPlace[]
  /** How long one resolver may take, in ms. Default 2 s. */
  readonly resolverTimeoutMs?: number
}

const defaultResolverTimeoutMs = 2_000
/** Programs wait five seconds (resolv.conf(5)); an answer after that is for nobody. */
const timeoutMs = 5_000
/** Each holds a socket. */
const maxPending = 256

/** Gives queries to other resolvers; not more at a time than this machine can bear. */
export class QueryForwarder {
  readonly #options: QueryForwarderOptions
  readonly #stopping = new AbortController()
  #pending = 0

  constructor(options: QueryForwarderOptions) {
    this.#options = options
  }

  /** The answer; undefined when nobody gives one, or too many are asked for. */
  async forward(query: Uint8Array, question: Question, transport: 'udp' | 'tcp'): Promise<Uint8Array | undefined> {
    if (this.#pending >= maxPending) return undefined
    this.#pending += 1
    try {
      const { resolvers, resolverTimeoutMs = defaultResolverTimeoutMs } = this.#options
      const within = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(timeoutMs)])
      for (const resolver of resolvers()) {
        const signal = AbortSignal.any([within, AbortSignal.timeout(resolverTimeoutMs)])
        const answer = await askResolver({ query, question, resolver, transport, signal }).catch(() => undefined)
        if (answer || within.aborted) return answer
      }
      return undefined
    } finally {
      this.#pending -= 1
    }
  }

  /** Gives up what is waited for. */
  stop(): void {
    this.#stopping.abort()
  }
}
