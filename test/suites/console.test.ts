import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readApprover } from '../../src/custody/approvals/approver.ts'
import { escortId } from '../../src/custody/escorts/key.ts'
import type { OfficerRecord } from '../../src/custody/people.ts'
import { debianProgram } from '../../tools/debian.ts'
import { freePort } from '../../tools/server.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from '../custody/server/custodian.ts'

let browser: Browser
beforeAll(async () => {
  const executablePath = await debianProgram('chromium')
  // Root may start it only without its sandbox; it visits nothing but our own page.
  const args = ['--no-sandbox', '--disable-background-networking']
  browser = await chromium.launch({ executablePath, args })
})
afterAll(async () => await browser?.close())

test('officers and a delegate decide with passkeys that they made in the console', async () => {
  const custodian = await startConsole()
  await addTenant(custodian, 'acme')
  const [anna, ben, cem, dora] = [
    await arrives(custodian, 'anna', 'officer'),
    await arrives(custodian, 'ben', 'officer'),
    await arrives(custodian, 'cem', 'officer'),
    await arrives(custodian, 'dora', 'delegate'),
  ]
  for (const person of [anna, ben, cem, dora]) await person.signIn()

  const reason = '<img src=x onerror="document.title=1">the night shift needs it'
  await anna.propose('loosen', 'acme', { split: false, ttl: 1_800_000, perUse: [], fence: null }, reason)
  const [kept] = await custodian.custody.opened().records.all('proposal')
  expect(kept?.body).toMatchObject({ state: 'open' })

  await anna.decides('Approve')
  await anna.hears('alert', 'nobody approves a proposal of their own')
  for (const person of [ben, cem, dora]) {
    await person.page.locator('article').filter({ hasText: reason }).waitFor()
    await person.decides('Approve')
    await person.hears('status', 'Signed.')
  }
  await dora.page.getByRole('button', { name: 'Carry it out' }).click()
  await dora.hears('status', 'done')
  const tenant = await custodian.custody.opened().records.find('tenant', 'acme')
  expect(tenant?.body).toMatchObject({ ttl: 1_800_000 })
  for (const { faults } of [anna, ben, cem, dora]) expect(faults).toEqual([])
})

test('a delegate vetoes, and an officer pulls the kill switch alone', async () => {
  const custodian = await startConsole()
  await addTenant(custodian, 'acme')
  const anna = await arrives(custodian, 'anna', 'officer')
  for (const name of ['ben', 'cem']) await arrives(custodian, name, 'officer')
  const dora = await arrives(custodian, 'dora', 'delegate')
  for (const person of [anna, dora]) await person.signIn()
  await anna.propose('loosen', 'acme', { split: false, ttl: 1_800_000, perUse: [], fence: null }, 'why not')
  await dora.decides('Veto')
  await dora.hears('status', 'vetoed')

  await anna.propose('kill', '*', {}, 'a bad feeling')
  await anna.hears('status', 'Done: kill.')
  expect(custodian.custody.state).toBe('killed')
  await dora.page.locator('.state').filter({ hasText: 'killed' }).waitFor()
})

test('a delegate watches whom others let in, and an officer ends it by the button', async () => {
  const custodian = await startConsole()
  await addTenant(custodian, 'acme')
  const proxy = await enrolProxy(custodian, 'acme', ['photos'])
  const [anna, dora] = [
    await arrives(custodian, 'anna', 'officer'),
    await arrives(custodian, 'dora', 'delegate'),
  ]
  const id = escortId('a proposal')
  await letIn(custodian, id, dora.fingerprint)
  for (const person of [anna, dora]) await person.signIn()
  await dora.page.getByRole('button', { name: 'Sit down at the screen' }).click()
  await dora.hears('status', 'You sit at the screen')

  const asked = { escort: id, operation: 'GetObject', action: 'read', bucket: 'photos', address: '192.0.2.1' }
  const key = '2026/<img src=x onerror="document.title=1">\u202egpj.a'
  const request = await vi.waitFor(() => proxy.escorts.admit({ ...asked, key }), 60_000)
  await proxy.escorts.answered({ escort: id, request, status: 200, received: 0, sent: 7 })
  await expect(proxy.escorts.admit({ ...asked, key: '2025/' })).rejects.toThrow(/reaches photos/)
  const screen = dora.page.locator('.screen')
  await screen
    .getByText('GetObject photos/2026/<img src=x onerror="document.title=1">\\u{202e}gpj.a')
    .waitFor()
  await screen.getByText('answered 200: 7 bytes out').waitFor()
  await screen.getByText('REFUSED GetObject photos/2025/').waitFor()

  await anna.page.getByRole('button', { name: 'End it now' }).click()
  await anna.hears('status', `${id} has ended.`)
  await dora.page.getByText('An officer or delegate ended it.').waitFor()
  await expect(proxy.escorts.admit({ ...asked, key })).rejects.toThrow(/ended this escorted access/)
  for (const { faults, page } of [anna, dora])
    expect([faults, await page.title()]).toEqual([[], 'Treuhand custodian'])
})

test('a passkey that is synced to a cloud is refused when it is made', async () => {
  const custodian = await startConsole()
  const { page } = await visits(custodian, { defaultBackupEligibility: true, defaultBackupState: true })
  await page.getByLabel('Your name').fill('eve')
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.getByRole('alert').filter({ hasText: 'synced to a cloud' }).waitFor()
})

async function startConsole(): Promise<TestCustodian> {
  const officersPort = await freePort()
  const console = { id: 'localhost', origin: `https://localhost:${officersPort}` }
  return await startCustodian({ officersPort, console })
}

/** A person with a browser and an authenticator of their own. */
async function visits({ officers }: TestCustodian, traits: object = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', error => faults.push(error.message))
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasUserVerification: true,
      isUserVerified: true,
      ...traits,
    },
  })
  await page.goto(`https://localhost:${officers.port}/console/`)
  return { page, faults }
}

async function arrives(custodian: TestCustodian, name: string, role: 'officer' | 'delegate') {
  const { page, faults } = await visits(custodian)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  const fingerprint = (await page.locator('form .digest').textContent())!
  const key = JSON.parse((await page.locator('form pre').textContent())!)
  await admit(custodian, fingerprint, {
    ...readApprover({ role, party: role, person: name, key }),
    state: 'active',
  })
  return { page, faults, fingerprint, ...acts(page, fingerprint) }
}

function acts(page: Page, fingerprint: string) {
  return {
    async signIn() {
      await page.reload()
      await page.getByRole('button', { name: fingerprint }).click()
      await page.getByText('Waiting for a decision').waitFor()
    },
    async propose(act: string, tenant: string, params: object, reason: string) {
      await page.getByLabel('Act').selectOption(act)
      await page.getByLabel('Tenant').fill(tenant)
      await page.getByLabel('Parameters').fill(JSON.stringify(params))
      await page.getByLabel('Reason').fill(reason)
      await page.getByRole('button', { name: 'Show me what I would sign' }).click()
      await page.getByRole('button', { name: 'Sign', exact: true }).click()
      await page.getByRole('button', { name: 'Show me' }).waitFor()
    },
    async decides(button: 'Approve' | 'Reject' | 'Veto') {
      await page.getByLabel('I have read it').check()
      await page.getByRole('button', { name: button }).click()
    },
    async hears(role: 'alert' | 'status', words: string) {
      await page.getByRole(role).filter({ hasText: words }).waitFor()
    },
  }
}

async function admit({ custody }: TestCustodian, fingerprint: string, body: OfficerRecord): Promise<void> {
  await custody.keep('officer', fingerprint, undefined, body, { type: 'policy', at: custody.now(), body: {} })
}

/** As the act `escort` does once it was approved. */
async function letIn({ custody }: TestCustodian, id: string, escort: string): Promise<void> {
  const body = {
    ...{
      tenant: 'acme',
      bucket: 'photos',
      prefixes: ['2026/'],
      actions: ['read'] as const,
      networks: ['192.0.2.0/24'],
    },
    ...{
      until: Date.now() + 3_600_000,
      reason: 'ticket 7',
      grantee: 'staff 4711',
      recipient: 'A'.repeat(43),
    },
    ...{ escort, proposal: 'a proposal', state: 'open' as const, ended: null },
  }
  await custody.keep('escort', id, undefined, body, { type: 'policy', at: custody.now(), body: {} })
}
