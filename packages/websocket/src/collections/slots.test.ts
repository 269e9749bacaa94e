import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlotMap } from './slot-map.ts'
import { Slots } from './slots.ts'

test('what is removed leaves its place to the next one', () => {
  const slots = new Slots<{ readonly name: string }>()
  const [first, second, third] = [{ name: 'first' }, { name: 'second' }, { name: 'third' }]
  const place = slots.add(first)
  slots.add(second)
  assert.equal(slots.remove(place, first), true)
  assert.equal(slots.size, 1)
  assert.equal(slots.add(third), place)
  assert.deepEqual([...slots], [third, second])
})

test('an item that has gone takes nobody else along when it is removed once more', () => {
  const slots = new Slots<object>()
  const [gone, next] = [{}, {}]
  const place = slots.add(gone)
  slots.remove(place, gone)
  slots.add(next)
  assert.equal(slots.remove(place, gone), false)
  assert.deepEqual([slots.size, slots.get(place)], [1, next])
})

test('items may be removed while they are looked at', () => {
  const slots = new Slots<{ readonly number: number }>()
  const items = [1, 2, 3].map((number) => ({ number }))
  const places = items.map((item) => slots.add(item))
  const seen: number[] = []
  for (const { number } of slots) {
    seen.push(number)
    for (const [at, item] of items.entries()) slots.remove(places[at] ?? -1, item)
  }
  assert.deepEqual(seen, [1])
  assert.equal(slots.size, 0)
})

test('a key leads to what was set last under it, until it is deleted', () => {
  const map = new SlotMap<string, { readonly value: number }>()
  map.set('a', { value: 1 })
  map.set('b', { value: 2 })
  map.set('a', { value: 3 })
  assert.deepEqual([map.size, map.get('a'), map.get('c')], [2, { value: 3 }, undefined])
  assert.deepEqual(map.delete('a'), { value: 3 })
  assert.deepEqual([map.delete('a'), map.get('a'), [...map.values()]], [undefined, undefined, [{ value: 2 }]])
  map.clear()
  assert.deepEqual([map.size, [...map.values()]], [0, []])
})

test('places are used again, however much comes and goes', () => {
  const map = new SlotMap<number, { readonly id: number }>()
  const slots = new Slots<{ readonly id: number }>()
  let [most, last] = [0, -1]
  for (let id = 0; id < 10_000; id += 1) {
    map.set(id, { id })
    const item = { id }
    const place = slots.add(item)
    most = Math.max(most, place)
    slots.remove(place, item)
    if (id >= 7) assert.deepEqual(map.delete(id - 7), { id: id - 7 })
    last = id
  }
  assert.deepEqual([most, map.size, map.get(last)], [0, 7, { id: last }])
})
