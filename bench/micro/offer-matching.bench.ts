import { bench, do_not_optimize, group, run } from 'mitata'
import { entityKey } from '../../packages/server/src/domain/hybrid-connection.ts'
import { OfferBook, type OfferHolder } from '../../packages/server/src/rendezvous/offer-book.ts'

// An offer is made for each sender, and found again by the address that its listener opens: also while many others wait.

const holder: OfferHolder = { onExpired: () => {}, onWithdrawn: () => {} }
const lifetimeMs = 30_000
const entities = Array.from({ length: 100 }, (_, index) => entityKey('shop', `db-${index}`))

function openBook(waiting: number): OfferBook<{ accept: OfferHolder; request: OfferHolder }> {
  const book = new OfferBook({ maxPendingPerEntity: waiting + 1 })
  for (let index = 0; index < waiting; index += 1) {
    book.open('accept', { entity: entityOf(index), holder, lifetimeMs })
  }
  return book
}

function entityOf(index: number): ReturnType<typeof entityKey> {
  return entities[index % entities.length] ?? entityKey('shop', 'db')
}

const books = [0, 1_000, 10_000].map((waiting) => ({ waiting, book: openBook(waiting) }))
group('offers', () => {
  for (const { waiting, book } of books) {
    let index = 0
    bench(`open and claim one while ${waiting} wait`, () => {
      const entity = entityOf((index += 1))
      const offer = book.open('accept', { entity, holder, lifetimeMs })
      const claimed = book.claim('accept', offer?.id ?? '', `db-${index % entities.length}`)
      if (claimed === undefined) throw new Error('the offer was not found')
      do_not_optimize(claimed)
    })
    bench(`claim what nobody offered while ${waiting} wait`, () =>
      do_not_optimize(book.claim('accept', '918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0', 'db-1')),
    )
  }
})

await run()
for (const { book } of books) book.close()
