import type { ControlChannel } from './control-channel.ts'

/** The control channels of one hybrid connection, in no order: thousands may come, go and be chosen from without a look at each. */
export class ChannelList {
  readonly #channels: ControlChannel[] = []
  readonly #places = new Map<ControlChannel, number>()

  get all(): readonly ControlChannel[] {
    return this.#channels
  }

  get size(): number {
    return this.#channels.length
  }

  add(channel: ControlChannel): void {
    if (this.#places.has(channel)) return
    this.#places.set(channel, this.#channels.length)
    this.#channels.push(channel)
  }

  delete(channel: ControlChannel): void {
    const place = this.#places.get(channel)
    if (place === undefined) return
    this.#places.delete(channel)
    const last = this.#channels.pop()
    if (last === undefined || last === channel) return
    this.#channels[place] = last
    this.#places.set(last, place)
  }
}
