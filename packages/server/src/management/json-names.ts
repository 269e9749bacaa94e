import { z } from 'zod'

/**
 * Gives the members of untrusted JSON the spelling that a schema has: ARM takes names in any case (its own examples say
 * `hostNam` and `hostName` in turn). Members that the schema does not know stay as they are.
 */
export function spellNames(schema: z.ZodType, value: unknown): unknown {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => spellNames(inner.element as z.ZodType, item))
  }
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value
  const shape = inner.shape as Readonly<Record<string, z.ZodType>>
  const spelling = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]))
  const spelt: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(shape, name) ? name : (spelling.get(name.toLowerCase()) ?? name)
    const memberSchema = shape[known]
    // A member that is there twice, in two spellings: the exact one counts.
    if (known !== name && Object.hasOwn(value, known)) continue
    spelt[known] = memberSchema === undefined ? member : spellNames(memberSchema, member)
  }
  return spelt
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodExactOptional
  ) {
    return unwrap(schema.unwrap() as z.ZodType)
  }
  return schema
}
