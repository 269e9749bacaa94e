import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fifo } from './fifo.ts'

test('what went in first comes out first, however many wait and however often it was empty', () => {
  const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(600) }), fc.record({ shift: fc.nat(600) })))
  fc.assert(
    fc.property(steps, (todo) => {
      const fifo = new Fifo<number>()
      const expected: number[] = []
      let next = 0
      for (const step of todo) {
        if ('push' in step) {
          for (let i = 0; i < step.push; i += 1, next += 1) {
            expected.push(next)
            fifo.push(next)
          }
        } else {
          for (let i = 0; i < step.shift; i += 1) assert.equal(fifo.shift(), expected.shift())
        }
        assert.equal(fifo.size, expected.length)
      }
    }),
  )
})
