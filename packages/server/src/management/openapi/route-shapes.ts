import { z } from 'zod'
import type { Route } from '../route.ts'

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has them. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What goes into and comes out of the routes. Shapes that are equal have one name; a use is a `$ref` to it. */
export interface RouteShapes {
  readonly named: ReadonlyMap<string, JsonSchema>
  /** By operation id. */
  readonly bodies: ReadonlyMap<string, JsonSchema>
  readonly replies: ReadonlyMap<string, JsonSchema>
}

/** Where a shape's definition stands in an OpenAPI document. */
export const shapePrefix = '#/components/schemas/'

/** Makes the shapes of all routes. A shape is called after the first operation that has it, reads before writes. */
export function routeShapes(routes: readonly Route[]): RouteShapes {
  const names = new ShapeNames()
  const replies = new Map<string, JsonSchema>()
  const bodies = new Map<string, JsonSchema>()
  const readsFirst = routes.toSorted((a, b) => Number(a.method !== 'GET') - Number(b.method !== 'GET'))
  // Single resources before lists: an item of a list is what reading one gives.
  for (const isPaged of [false, true]) {
    for (const route of readsFirst) {
      if (route.reply === undefined || (route.isPaged ?? false) !== isPaged) continue
      const shape = jsonSchema(route.reply, 'output')
      replies.set(route.id, isPaged ? withNamedItems(names, route.id, shape) : names.use(`${route.id}_Reply`, shape))
    }
  }
  for (const route of routes) {
    if (route.body === undefined) continue
    const shape = jsonSchema(route.body, 'input')
    bodies.set(route.id, names.use(`${route.id}_Body`, shape))
  }
  return { named: names.shapes, bodies, replies }
}

/** Gives every object shape one name. */
class ShapeNames {
  readonly shapes = new Map<string, JsonSchema>()
  readonly #names = new Map<string, string>()

  use(wish: string, shape: JsonSchema): JsonSchema {
    if (shape['properties'] === undefined) return shape
    const text = JSON.stringify(shape)
    const name = this.#names.get(text) ?? wish.replaceAll('_', '')
    if (!this.#names.has(text)) {
      this.#names.set(text, name)
      this.shapes.set(name, shape)
    }
    return { $ref: `${shapePrefix}${name}` }
  }
}

function withNamedItems(names: ShapeNames, id: string, shape: JsonSchema): JsonSchema {
  const properties = (shape['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  const value = properties['value']
  if (value === undefined) return shape
  const items = names.use(`${id}_Item`, (value['items'] ?? {}) as JsonSchema)
  return { ...shape, properties: { ...properties, value: { ...value, items } } }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema: part }) => {
      // A later relay may answer more: a client that refuses what it does not know would break.
      if (io === 'output' && part.additionalProperties === false) delete part.additionalProperties
      // That JavaScript has no larger integers says nothing about this one.
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum
      if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum
    },
  })
  return json
}
