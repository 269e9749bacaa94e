import { z } from 'zod'

/** Members that every answer about a resource has. */
export const resourceReply = { id: z.string(), name: z.string(), type: z.string() }

/** A list with a link to its next page. */
export function listOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodOptional<z.ZodString> }> {
  return z.object({ value: z.array(item), nextLink: z.string().optional() })
}

export const rightsSchema = z.array(z.enum(['Listen', 'Send', 'Manage'])).max(20)

export const publicNetworkAccessSchema = z
  .enum(['Enabled', 'Disabled', 'SecuredByPerimeter'])
  .meta({ description: 'Disabled: only the private door serves the namespace. SecuredByPerimeter is not supported.' })

export const privateEndpointConnectionReply = z.object({
  ...resourceReply,
  location: z.string().optional(),
  properties: z.object({
    privateEndpoint: z.object({ id: z.string() }),
    privateLinkServiceConnectionState: z.object({ status: z.string(), description: z.string() }),
    provisioningState: z.string(),
  }),
})
