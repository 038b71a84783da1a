import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Objects } from '../../../src/objects/objects.ts'
import { startServer } from './server.ts'

test('keys are used on behalf of the caller, for its operation and the reason that it gives', async () => {
  const server = await startServer()
  onTestFinished(() => server.close())
  await server.client.send(new CreateBucketCommand({ Bucket: 'files' }))
  await server.client.send(new PutObjectCommand({ Bucket: 'files', Key: 'a', Body: 'a' }))
  let reason = 'case-4711'
  server.client.middlewareStack.add(
    next => async args => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['x-treuhand-reason'] = reason
      return await next(args)
    },
    { step: 'build' },
  )
  const purposes = vi.spyOn(Objects.prototype, 'for')
  onTestFinished(() => purposes.mockRestore())
  const read = async () => {
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket: 'files', Key: 'a' }))
    return await Body!.transformToString()
  }
  expect(await read()).toBe('a')
  expect(purposes).toHaveBeenLastCalledWith({
    action: 'GetObject',
    caller: server.key.id,
    reason: 'case-4711',
  })
  reason = 'a reason with spaces'
  await expect(read()).rejects.toMatchObject({ name: 'InvalidRequest' })
})
