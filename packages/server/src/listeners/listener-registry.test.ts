import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel } from './control-channel.ts'
import { ListenerRegistry } from './listener-registry.ts'

const entity = entityKey('local', 'echo')
const other = entityKey('local', 'other')

/** What the registry sees of a channel, with a count of how often it looked at it and of how often it cast doubt. */
class SeenChannel {
  looks = 0
  doubts = 0
  ready = true
  target: 'up' | 'down' | undefined
  readonly entity
  readonly #id: string

  constructor(id: string, of = entity) {
    this.#id = id
    this.entity = of
  }

  get id(): string {
    this.looks += 1
    return this.#id
  }

  get isReady(): boolean {
    this.looks += 1
    return this.ready
  }

  doubt(): void {
    this.doubts += 1
  }
}

function addTo(registry: ListenerRegistry, ...channels: readonly SeenChannel[]): void {
  for (const channel of channels) registry.add(channel as unknown as ControlChannel)
}

test('a listener that comes back casts doubt on all channels of its id, in whatever case, and on no others', () => {
  const registry = new ListenerRegistry()
  const [one, two, stranger, elsewhere] = [
    new SeenChannel('Ab'),
    new SeenChannel('aB'),
    new SeenChannel('abc'),
    new SeenChannel('ab', other),
  ] as const
  addTo(registry, one, two, stranger, elsewhere)
  registry.doubtEarlier(entity, 'AB')
  assert.deepEqual([one.doubts, two.doubts, stranger.doubts, elsewhere.doubts], [1, 1, 0, 0])
  registry.remove(one as unknown as ControlChannel)
  registry.doubtEarlier(entity, 'ab')
  assert.deepEqual([one.doubts, two.doubts], [1, 2])
  registry.remove(two as unknown as ControlChannel)
  registry.doubtEarlier(entity, 'ab')
  assert.deepEqual([one.doubts, two.doubts], [1, 2])
  assert.equal(registry.count(entity), 1)
})

test('a listener that comes looks at none of the others, however many there are: thousands come at once', () => {
  const registry = new ListenerRegistry()
  const channels = Array.from({ length: 1_000 }, (_, index) => new SeenChannel(`id-${index}`))
  addTo(registry, ...channels)
  const looksBefore = channels.reduce((sum, { looks }) => sum + looks, 0)
  registry.doubtEarlier(entity, 'id-500')
  assert.equal(channels[500]?.doubts, 1)
  assert.ok(channels.reduce((sum, { looks }) => sum + looks, 0) - looksBefore <= 1)
})

const anyone = { allowed: undefined, disallowed: undefined }

function looksAt(channels: readonly SeenChannel[]): number {
  return channels.reduce((sum, { looks }) => sum + looks, 0)
}

test('a listener that goes looks at none of the others: thousands go at once', () => {
  const registry = new ListenerRegistry()
  const channels = Array.from({ length: 1_000 }, (_, index) => new SeenChannel(`id-${index}`))
  addTo(registry, ...channels)
  const looksBefore = looksAt(channels)
  for (const channel of channels.slice(0, 900)) registry.remove(channel as unknown as ControlChannel)
  assert.equal(registry.count(entity), 100)
  assert.ok(looksAt(channels) - looksBefore <= 900)
  assert.deepEqual(new Set(registry.channels(entity)), new Set<unknown>(channels.slice(900)))
})

test('a sender looks at a few of thousands of listeners, and meets each with the same chance', () => {
  const registry = new ListenerRegistry()
  const channels = Array.from({ length: 20 }, (_, index) => new SeenChannel(`id-${index}`))
  addTo(registry, ...channels)
  const looksBefore = looksAt(channels)
  const met = new Map<unknown, number>()
  for (let i = 0; i < 4_000; i++) {
    const chosen = registry.choose(entity, anyone)
    met.set(chosen, (met.get(chosen) ?? 0) + 1)
  }
  assert.equal(looksAt(channels) - looksBefore, 4_000)
  // 200 on average; 100 away is more than seven standard deviations.
  for (const channel of channels) assert.ok(Math.abs((met.get(channel) ?? 0) - 200) < 100, `${met.get(channel)} times`)
})

test('the one listener that will do is found among many that will not', () => {
  const registry = new ListenerRegistry()
  const channels = Array.from({ length: 100 }, (_, index) => new SeenChannel(`id-${index}`))
  addTo(registry, ...channels)
  for (const [index, channel] of channels.entries()) {
    channel.ready = index % 2 === 0
    channel.target = index === 42 ? undefined : 'down'
  }
  for (let i = 0; i < 100; i++) assert.equal(registry.choose(entity, anyone), channels[42])
  const failed = new Set([channels[42] as unknown as ControlChannel])
  assert.notEqual(registry.choose(entity, anyone, failed), channels[42])
  for (const channel of channels) channel.ready = false
  assert.equal(registry.choose(entity, anyone), 'none-connected')
})
