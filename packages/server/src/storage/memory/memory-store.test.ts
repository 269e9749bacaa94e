import { testResourceStore } from '../resource-store.contract.ts'
import { MemoryData, MemoryStore } from './memory-store.ts'

testResourceStore('memory', async () => {
  const data = new MemoryData()
  return { open: async () => new MemoryStore(data) }
})
