import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel } from './control-channel.ts'
import { ListenerRegistry } from './listener-registry.ts'

const entity = entityKey('local', 'echo')
const other = entityKey('local', 'other')

/** What the registry sees of a channel, with a count of how often it looked at the id and of how often it cast doubt. */
class SeenChannel {
  looks = 0
  doubts = 0
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
