import assert from 'node:assert/strict'
import { Agent, request as httpsRequest } from 'node:https'

/** One management call: what it would make of the marks that stand under some names. */
interface StormCall {
  readonly changes: ReadonlyMap<string, string | undefined>
  /** Of the answer; absent while it is under way, and for ever when none came. */
  requestId?: string
  status?: number
}

/** Marks by the path of what has them, below the resource group. */
export type Marks = ReadonlyMap<string, string>

const families = 50
const singles = 450

/**
 * Calls of the management API, 500 at once: hybrid connections and namespaces are made, replaced, patched and deleted. Each
 * has one writer, so that it is known what must stand there.
 */
export class StormOfCalls {
  /** Whether to an answered call belongs a record: what the relay calls it. */
  readonly answered: string[] = []
  readonly #agent: Agent
  readonly #origin: string
  readonly #token: string
  readonly #group: string
  readonly #acknowledged: Map<string, string>
  readonly #underWay = new Set<StormCall>()
  readonly #seed: number
  #count = 0
  #isOver = false
  #firstAnswer: (() => void) | undefined

  constructor(options: {
    readonly management: string
    readonly caPem: string
    readonly token: string
    readonly group: string
    readonly before: Marks
    readonly seed: number
  }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: 700, ca: options.caPem })
    this.#origin = options.management
    this.#token = options.token
    this.#group = options.group
    this.#acknowledged = new Map(options.before)
    this.#seed = options.seed
  }

  get underWay(): number {
    return this.#underWay.size
  }

  /** Starts all writers; resolves at the first acknowledged change, rejects when there is an answer that must not be. */
  async start(): Promise<{ readonly end: Promise<void> }> {
    const first = new Promise<void>((resolve) => {
      this.#firstAnswer = resolve
    })
    const writers = [
      ...Array.from({ length: singles }, (_, index) => this.#goOn(() => this.#writeSingle(index))),
      ...Array.from({ length: families }, (_, index) => this.#goOn(() => this.#writeFamily(index))),
    ]
    const end = Promise.all(writers).then(() => this.#agent.destroy())
    await Promise.race([first, end])
    return { end }
  }

  /** From now on a call that gets no answer is no fault: its connection was cut. */
  expectEnd(): void {
    this.#isOver = true
  }

  /** Fails unless everything that was acknowledged stands, and everything else stands whole or not at all. */
  check(after: Marks): void {
    for (const key of new Set([...this.#acknowledged.keys(), ...after.keys(), ...this.#pendingKeys()])) {
      const pending = [...this.#underWay].filter(({ changes }) => changes.has(key))
      const possible = [this.#acknowledged.get(key), ...pending.map(({ changes }) => changes.get(key))]
      assert.ok(
        possible.includes(after.get(key)),
        `${key} stands as ${after.get(key)}, not as ${possible.join(' or ')}`,
      )
    }
    for (const { changes } of this.#underWay) {
      const deleted = [...changes].filter(([key, mark]) => mark === undefined && this.#acknowledged.has(key))
      const left = deleted.filter(([key]) => after.has(key))
      assert.ok(left.length === 0 || left.length === deleted.length, `of ${deleted.join()} only ${left.join()} is left`)
    }
  }

  #pendingKeys(): readonly string[] {
    return [...this.#underWay].flatMap(({ changes }) => [...changes.keys()])
  }

  async #goOn(write: () => Promise<void>): Promise<void> {
    while (!this.#isOver) await write()
  }

  /** A hybrid connection: made, replaced, deleted. */
  async #writeSingle(index: number): Promise<void> {
    const key = hybridConnection('storm-own', `own${index}`)
    await this.#putEntity(key)
    await this.#putEntity(key)
    await this.#delete(key, [key])
  }

  /** A namespace and four hybrid connections at once: made, patched and replaced, all deleted by one call. */
  async #writeFamily(index: number): Promise<void> {
    const namespace = `storm-family${index}`
    const key = `namespaces/${namespace}`
    const children = [0, 1, 2, 3].map((each) => hybridConnection(namespace, `x${each}`))
    if (!this.#acknowledged.has(key)) await this.#writeNamespace('PUT', key)
    await Promise.all(children.map((child) => this.#putEntity(child)))
    await Promise.all([this.#writeNamespace('PATCH', key), ...children.slice(1).map((child) => this.#putEntity(child))])
    await this.#delete(key, [key, ...children])
  }

  async #putEntity(key: string): Promise<void> {
    const mark = this.#nextMark()
    await this.#call('PUT', key, new Map([[key, mark]]), { properties: { userMetadata: `${mark} ${filler} ${mark}` } })
  }

  async #writeNamespace(method: 'PUT' | 'PATCH', key: string): Promise<void> {
    const mark = this.#nextMark()
    await this.#call(method, key, new Map([[key, mark]]), { location: 'x', tags: { mark, again: mark } })
  }

  async #delete(key: string, keys: readonly string[]): Promise<void> {
    await this.#call('DELETE', key, new Map(keys.map((each) => [each, undefined])))
  }

  #nextMark(): string {
    this.#count += 1
    return `${this.#seed}.${this.#count}`
  }

  async #call(method: string, key: string, changes: StormCall['changes'], body?: object): Promise<void> {
    if (this.#isOver) return
    const call: StormCall = { changes }
    this.#underWay.add(call)
    const answer = await this.#send(method, key, body)
    if (answer === undefined) return
    this.#underWay.delete(call)
    this.answered.push(answer.requestId)
    assert.ok(answer.status < 300, `${method} ${key}: ${answer.status} ${answer.text}`)
    for (const [each, mark] of changes) {
      if (mark === undefined) this.#acknowledged.delete(each)
      else this.#acknowledged.set(each, mark)
    }
    this.#firstAnswer?.()
  }

  /** Undefined when the connection ended before the whole of the head had come. */
  async #send(method: string, key: string, body?: object): Promise<Answer | undefined> {
    const path = `${this.#group}/providers/Microsoft.Relay/${key}?api-version=2021-11-01`
    const headers = { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' }
    return new Promise((resolve, reject) => {
      const request = httpsRequest(`${this.#origin}${path}`, { agent: this.#agent, method, headers })
      const fail = (error: Error): void => (this.#isOver ? resolve(undefined) : reject(error))
      request.on('error', fail)
      request.on('response', (response) => {
        let text = ''
        const done = (): void =>
          resolve({ status: response.statusCode ?? 0, requestId: String(response.headers['x-ms-request-id']), text })
        // The head says what became of it, also when the rest is cut off.
        response.setEncoding('utf8').on('data', (more: string) => (text += more))
        response.once('end', done).once('error', done)
      })
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

interface Answer {
  readonly status: number
  readonly requestId: string
  readonly text: string
}

/** Fills pages of the database, so that a write is more than one of them. */
const filler = 'x'.repeat(900)

function hybridConnection(namespace: string, name: string): string {
  return `namespaces/${namespace}/hybridConnections/${name}`
}

/** The mark of user metadata that is whole. */
export function markIn(userMetadata: string): string {
  const [mark = '', middle, end] = userMetadata.split(' ')
  assert.deepEqual([middle, end], [filler, mark], 'half-done')
  return mark
}
