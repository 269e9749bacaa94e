import { testResourceStore } from '../resource-store.contract.ts'
import { testStoreUnderLoad } from '../resource-store-load.contract.ts'
import { MemoryData, MemoryStore } from './memory-store.ts'

for (const suite of [testResourceStore, testStoreUnderLoad]) {
  suite('memory', async () => {
    const data = new MemoryData()
    return { open: async () => new MemoryStore(data) }
  })
}
