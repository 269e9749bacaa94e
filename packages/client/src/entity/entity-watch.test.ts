import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntityWatch } from './entity-watch.ts'

function watch(t: { after(what: () => void): void }) {
  const answers: PromiseWithResolvers<object>[] = []
  const heard: object[] = []
  const watched = new EntityWatch({
    read: () => {
      const answer = Promise.withResolvers<object>()
      answers.push(answer)
      return answer.promise
    },
    onFacts: (facts) => heard.push(facts),
    onProblem: () => {},
  })
  t.after(() => watched.stop())
  return { watched, answers, heard }
}

test('hints that follow one another closely are one question', async (t) => {
  const { watched, answers } = watch(t)
  const both = Promise.all([watched.refresh(), watched.refresh()])
  answers[0]?.resolve({})
  await both
  await watched.refresh()
  assert.equal(answers.length, 1)
})

test('who asks now gets an answer to this very question, whatever is under way or was asked just before', async (t) => {
  const { watched, answers, heard } = watch(t)
  const hinted = watched.refresh()
  const asked = watched.askNow()
  answers[0]?.resolve({ listenerCount: 2 })
  await hinted
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answers.length, 2)
  answers[1]?.resolve({ listenerCount: 1 })
  await asked
  assert.deepEqual(heard, [{ listenerCount: 2 }, { listenerCount: 1 }])
})
