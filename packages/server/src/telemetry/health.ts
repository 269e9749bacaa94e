/** `starting`: not serving yet; `ready`: serving; `draining`: finishes what it has and takes nothing new. */
export type ReadinessState = 'starting' | 'ready' | 'draining'

/** A part that is not as it should be, said in `/readyz` while the relay goes on serving. */
export interface HealthReason {
  /** Folder or resource in question: `storage`, `cluster`, `certificates`. */
  readonly part: string
  readonly message: string
}

/** One page of the management door. */
export interface HealthPage {
  readonly contentType: string
  render(): Promise<{ readonly status: number; readonly text: string }>
}

/**
 * Whether this node is alive and may be sent traffic. `/healthz` is 200 as long as the process answers at all; `/readyz` is
 * 200 only in state `ready` and else 503. Reasons tell what is degraded; they alone never make a node unready, because a
 * node that serves what it knows is better than none.
 */
export class Health {
  #state: ReadinessState = 'starting'
  readonly #reasons = new Map<string, string>()

  get state(): ReadinessState {
    return this.#state
  }

  /** @throws {TypeError} on the way back: a draining node never becomes ready again */
  become(state: 'ready' | 'draining'): void {
    if (this.#state === 'draining' && state === 'ready') throw new TypeError('a draining relay cannot become ready')
    this.#state = state
  }

  /** Sets what is wrong with a part, in place of what was said before. */
  report(part: string, message: string): void {
    this.#reasons.set(part, message)
  }

  /** The part is well again. */
  clear(part: string): void {
    this.#reasons.delete(part)
  }

  get reasons(): readonly HealthReason[] {
    return Array.from(this.#reasons, ([part, message]) => ({ part, message }))
  }

  /** `/healthz` */
  readonly livePage: HealthPage = page(() => ({ status: 200, body: { status: 'alive' } }))

  /** `/readyz`: `{"status":"ready","degraded":false,"reasons":[]}` */
  readonly readyPage: HealthPage = page(() => ({
    status: this.#state === 'ready' ? 200 : 503,
    body: { status: this.#state, degraded: this.#reasons.size > 0, reasons: this.reasons },
  }))
}

function page(read: () => { readonly status: number; readonly body: unknown }): HealthPage {
  return {
    contentType: 'application/json; charset=utf-8',
    render: async () => {
      const { status, body } = read()
      return { status, text: `${JSON.stringify(body)}\n` }
    },
  }
}
