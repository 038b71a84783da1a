import type { DefaultRetention, LockConfiguration, Retention } from '../lock.ts'
import type { Store } from '../store.ts'
import { broken, readCount, readDate } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import { BYPASS_GOVERNANCE } from './object-headers.ts'
import { readXml } from './xml.ts'
import type { XmlElement } from './xml-element.ts'
import { element, text, xmlDocument } from './xml-write.ts'

type LockCalls =
  | 'getVersioning'
  | 'putVersioning'
  | 'getLockConfiguration'
  | 'putLockConfiguration'
  | 'getRetention'
  | 'putRetention'
  | 'getLegalHold'
  | 'putLegalHold'

/** Versioning and object lock: what keeps what was written. */
export function locks(connection: Connection): Pick<Store, LockCalls> {
  return {
    async getVersioning(bucket) {
      const answer = await control(connection, { method: 'GET', bucket, query: { versioning: '' } })
      const state = readXml(answer.body).optional('Status')?.text
      if (state === undefined || state === '') return undefined
      if (state !== 'Enabled' && state !== 'Suspended') throw broken('it does not know its versioning')
      return state
    },

    async putVersioning(bucket, state) {
      const body = xmlDocument('VersioningConfiguration', text('Status', state))
      await control(connection, { method: 'PUT', bucket, query: { versioning: '' }, body })
    },

    async getLockConfiguration(bucket) {
      const answer = await control(connection, { method: 'GET', bucket, query: { 'object-lock': '' } })
      return readConfiguration(readXml(answer.body))
    },

    async putLockConfiguration(bucket, { defaultRetention }) {
      const rule = defaultRetention === undefined ? '' : element('Rule', writeDefault(defaultRetention))
      const body = xmlDocument('ObjectLockConfiguration', text('ObjectLockEnabled', 'Enabled'), rule)
      await control(connection, { method: 'PUT', bucket, query: { 'object-lock': '' }, body })
    },

    async getRetention({ bucket, key, versionId }) {
      const query = { retention: '', versionId }
      const answer = await control(connection, { method: 'GET', bucket, key, query })
      const retention = readXml(answer.body)
      return { mode: readMode(retention.one('Mode')), until: readDate(retention.one('RetainUntilDate')) }
    },

    async putRetention({ bucket, key, versionId }, retention, bypassGovernance) {
      await control(connection, {
        method: 'PUT',
        bucket,
        key,
        query: { retention: '', versionId },
        headers: bypassGovernance ? [BYPASS_GOVERNANCE] : [],
        body: writeRetention(retention),
      })
    },

    async getLegalHold({ bucket, key, versionId }) {
      const query = { 'legal-hold': '', versionId }
      const answer = await control(connection, { method: 'GET', bucket, key, query })
      const status = readXml(answer.body).one('Status').text
      if (status !== 'ON' && status !== 'OFF') throw broken('its legal hold is neither on nor off')
      return status === 'ON'
    },

    async putLegalHold({ bucket, key, versionId }, held) {
      const query = { 'legal-hold': '', versionId }
      const body = xmlDocument('LegalHold', text('Status', held ? 'ON' : 'OFF'))
      await control(connection, { method: 'PUT', bucket, key, query, body })
    },
  }
}

function writeRetention(retention: Retention | undefined): Buffer {
  if (retention === undefined) return xmlDocument('Retention')
  const { mode, until } = retention
  return xmlDocument('Retention', text('Mode', mode), text('RetainUntilDate', until.toISOString()))
}

function writeDefault({ mode, period }: DefaultRetention): string {
  const length = 'days' in period ? text('Days', period.days) : text('Years', period.years)
  return element('DefaultRetention', text('Mode', mode), length)
}

function readConfiguration(document: XmlElement): LockConfiguration {
  const retention = document.optional('Rule')?.optional('DefaultRetention')
  if (retention === undefined) return {}
  const mode = readMode(retention.one('Mode'))
  const days = retention.optional('Days')
  const period = days === undefined ? { years: readCount(retention.one('Years')) } : { days: readCount(days) }
  return { defaultRetention: { mode, period } }
}

function readMode({ text: mode }: XmlElement): Retention['mode'] {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw broken('it does not know its retention mode')
  return mode
}
