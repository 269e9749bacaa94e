/** One server-sent event. */
export interface ServerEvent {
  /** Empty when the relay named none. */
  readonly id: string
  /** `message` unless the relay says otherwise. */
  readonly type: string
  readonly data: string
}

/** No event of ours has a tenth of this. */
const maxEventLength = 1024 * 1024

/** Takes a server-sent event stream in pieces (WHATWG HTML, "Interpreting an event stream") and gives whole events. */
export class EventParser {
  /** The last id that came, of an event or alone. */
  lastId: string
  /** What the relay asks to wait before a new connection. */
  retryMs: number | undefined
  #rest = ''
  #type = ''
  #data: string[] = []
  #length = 0

  constructor(lastId = '') {
    this.lastId = lastId
  }

  /** @throws {RangeError} when an event is longer than a MiB */
  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    this.#measure(this.#rest.length)
    return lines.flatMap((line) => this.#line(line) ?? [])
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') {
      this.#data.push(value)
      this.#length += value.length
      this.#measure(0)
    }
    if (field === 'event') this.#type = value
    if (field === 'id' && !value.includes('\0')) this.lastId = value
    if (field === 'retry' && /^\d{1,6}$/.test(value)) this.retryMs = Number(value)
    return undefined
  }

  #dispatch(): ServerEvent | undefined {
    const event = { id: this.lastId, type: this.#type || 'message', data: this.#data.join('\n') }
    const isEmpty = this.#data.length === 0
    this.#type = ''
    this.#data = []
    this.#length = 0
    return isEmpty ? undefined : event
  }

  #measure(more: number): void {
    if (this.#length + more > maxEventLength) throw new RangeError('An event is longer than a MiB')
  }
}
