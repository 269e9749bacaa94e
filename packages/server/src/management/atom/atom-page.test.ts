import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAtomPage } from './atom-page.ts'

const items = Array.from({ length: 250 }, (_, at) => at)

test('pages follow each other to the end and keep what else the query says', () => {
  const seen: number[] = []
  let query: string | undefined = 'api-version=2016-07&$top=90'
  const sizes: number[] = []
  while (query !== undefined) {
    const page: ReturnType<typeof readAtomPage<number>> = readAtomPage(query, items)
    seen.push(...page.items)
    sizes.push(page.items.length)
    if (page.nextQuery !== undefined) assert.match(page.nextQuery, /api-version=2016-07/)
    query = page.nextQuery
  }
  assert.deepEqual([sizes, seen], [[90, 90, 70], items])
})

test('a page has 100 items unless it is asked for others, and 1,000 at most', () => {
  assert.equal(readAtomPage('', items).items.length, 100)
  assert.equal(readAtomPage('%24Top=999999999', items).items.length, 250)
  assert.equal(readAtomPage('$top=5000', Array.from({ length: 2000 })).items.length, 1000)
  assert.deepEqual(readAtomPage('$skip=300', items), { items: [] })
})

test('what is no count is refused', () => {
  for (const query of ['$top=0', '$top=-1', '$top=', '$skip=x', '$skip=1.5', '$skip=1e3', '$skip=9999999999']) {
    assert.throws(() => readAtomPage(query, items), { code: 'RequestContentInvalid' }, query)
  }
})
