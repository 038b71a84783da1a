import { expect, test } from 'vitest'
import { mirroredFiles, storedFiles } from '../../../src/custody/log/files.ts'
import { pullMirror } from '../../../src/custody/log/mirror.ts'
import { findOrder, liftOrderBar, registerOrder } from '../../../src/custody/orders/register.ts'
import { publishReport } from '../../../src/custody/orders/transparency.ts'
import { verifyEvidence } from '../../../src/evidence/evidence.ts'
import { extractEvidence } from '../../../src/evidence/extract.ts'
import { temporaryFolder } from '../folder.ts'
import { startCustodian } from '../server/custodian.ts'

const ORDER = {
  authority: 'Amtsgericht',
  legalBase: 'section 94 StPO',
  reach: 'all objects of acme',
  document: 'd'.repeat(64),
  tenant: 'acme',
}

test('under a legal bar the log shows the hash of an order and nothing else, until the bar falls', async () => {
  const { custody } = await startCustodian()
  const { log } = custody.opened()
  const last = async () => (await log.leaf(log.head.size - 1)).toString('utf8')
  await registerOrder(custody, { ...ORDER, legalBar: 'section 95a StPO' }, 'anna')
  expect(await last()).toContain(ORDER.document)
  expect(await last()).not.toMatch(/Amtsgericht|StPO|acme/)
  expect((await findOrder(custody, ORDER.document)).body).toMatchObject({ ...ORDER, customerTold: 0 })

  await liftOrderBar(custody, ORDER.document, 'ben')
  expect(await last()).toMatch(/Amtsgericht.*acme/)
  await expect(liftOrderBar(custody, ORDER.document, 'ben')).rejects.toMatchObject({ code: 'Conflict' })
  await expect(liftOrderBar(custody, 'e'.repeat(64), 'ben')).rejects.toMatchObject({ code: 'Unknown' })
})

test('a transparency report is proven from a mirror alone', async () => {
  const { custody, setClock } = await startCustodian()
  const now = Date.now()
  await registerOrder(custody, { ...ORDER, legalBar: '' }, 'anna')
  setClock(now + 60_000)
  const { statement } = await publishReport(custody, now - 60_000, now + 60_000, 'anna')
  await expect(publishReport(custody, now, now + 120_000, 'anna')).rejects.toMatchObject({
    code: 'Malformed',
  })

  const mirror = mirroredFiles(temporaryFolder())
  const trust = { log: custody.opened().log.signer }
  await pullMirror(storedFiles(custody.logStore), mirror, trust)
  const [evidence, ...more] = await extractEvidence(mirror, trust)
  expect(more).toEqual([])
  expect(evidence!.statement).toBe(statement)
  expect(verifyEvidence(evidence!, trust).statement.body).toMatchObject({ received: 1, open: 1 })
})
