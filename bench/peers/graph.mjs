// What the Node servers have in common: the product's own schema, and resolvers over the same collections.
// Every read asks for the selected fields only; relations go through DataLoader; there is no cache of answers.
import { readFileSync } from 'node:fs'
import DataLoader from 'dataloader'
import { GraphQLScalarType } from 'graphql'
import { MongoClient, ObjectId } from 'mongodb'

const env = process.env
export const port = Number(env.BENCH_PORT)
export const typeDefs = readFileSync(env.BENCH_SCHEMA, 'utf8')
const client = new MongoClient(env.MONGODB_URL, { maxPoolSize: 50, w: 'majority' })
const db = client.db(env.BENCH_DATABASE)
const org = new ObjectId(env.BENCH_ORGANIZATION)
const orgs = [org]

export const connect = () => client.connect()

const globalId = (type, id) => Buffer.from(`${type}:${id.toHexString()}`).toString('base64url')
const localId = text => new ObjectId(Buffer.from(text, 'base64url').toString().split(':')[1])

// From a GraphQL field to the stored fields it needs.
const STORED = {
  id: [], account: ['account_id'], finding: ['finding_id'], resource: ['resource_id'], organizationId: ['org_id'],
  raisedAt: ['raised_at'], acknowledgedAt: ['acknowledged_at'], resolvedAt: ['resolved_at'], timesRaised: ['times_raised']
}
const projections = new WeakMap()

function selected (info, under) {
  const node = info.fieldNodes[0]
  let found = projections.get(node)
  if (found === undefined) {
    let fields = node.selectionSet.selections
    if (under) fields = fields.find(each => each.name.value === under).selectionSet.selections
    found = { _id: 1 }
    for (const field of fields) {
      for (const name of STORED[field.name.value] ?? [field.name.value]) found[name] = 1
    }
    projections.set(node, found)
  }
  return found
}

function loader (collection) {
  let projection
  const loader = new DataLoader(async ids => {
    const rows = await db.collection(collection).find({ _id: { $in: ids }, org_id: { $in: orgs } }, { projection }).toArray()
    const found = new Map(rows.map(row => [row._id.toHexString(), row]))
    return ids.map(id => found.get(id.toHexString()) ?? null)
  }, { cacheKeyFn: id => id.toHexString() })
  return {
    load: (id, info) => {
      projection ??= selected(info)
      return id ? loader.load(id) : null
    }
  }
}

export const context = () => ({
  accounts: loader('accounts'), findings: loader('findings'), resources: loader('resources')
})

async function alerts (_, { first }, context, info) {
  const nodes = await db.collection('alerts')
    .find({ org_id: { $in: orgs } }, { projection: selected(info, 'nodes'), sort: { raised_at: -1, _id: -1 }, limit: first + 1 })
    .toArray()
  if (nodes.length > first) nodes.pop()
  return { nodes }
}

async function acknowledgeAlert (_, { input }) {
  const session = client.startSession()
  let alert
  try {
    await session.withTransaction(async () => {
      const at = new Date()
      alert = await db.collection('alerts').findOneAndUpdate(
        { _id: localId(input.alertId), org_id: org, state: 'OPEN' },
        { $set: { state: 'ACKNOWLEDGED', acknowledged_at: at }, $inc: { version: 1 } },
        { returnDocument: 'after', session })
      const counter = await db.collection('event_counters').findOneAndUpdate(
        { _id: org }, { $inc: { last: 1 } }, { returnDocument: 'after', session })
      await db.collection('events').insertOne({
        topic: `tenant/${org}/alerts`, type: 'AlertAcknowledged', payload: alert, org_id: org, seq: counter.last, at, created_at: at
      }, { session })
    })
  } finally {
    await session.endSession()
  }
  return { __typename: 'AcknowledgeAlertSuccess', alert }
}

const DAY = 86_400_000

// The spans of days of the dashboard, each [first, until), and the whole of them.
function spans () {
  const now = new Date()
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  const today = Date.UTC(year, month, day)
  const thisMonth = Date.UTC(year, month, 1)
  const lastMonth = Date.UTC(year, month - 1, 1)
  const sameDays = Math.min(lastMonth + today + DAY - thisMonth, thisMonth)
  return {
    costMonthToDate: [thisMonth, today + DAY],
    costLastMonth: [lastMonth, thisMonth],
    costSameDaysLastMonth: [lastMonth, sameDays],
    costYesterday: [today - DAY, today],
    costLast30Days: [today - 30 * DAY, today]
  }
}

async function costs () {
  const wanted = spans()
  const first = new Date(Math.min(...Object.values(wanted).map(span => span[0])))
  const until = new Date(Math.max(...Object.values(wanted).map(span => span[1])))
  const sums = {}
  const shown = { currency: '$_id' }
  for (const [name, [from, to]] of Object.entries(wanted)) {
    const isWithin = { $and: [{ $gte: ['$totals.day', new Date(from)] }, { $lt: ['$totals.day', new Date(to)] }] }
    sums[name] = { $sum: { $cond: [isWithin, '$totals.billed', 0] } }
    shown[name] = { $toString: `$${name}` }
  }
  const [found] = await db.collection('cost_periods').aggregate([
    { $match: { org_id: { $in: orgs }, last_on: { $gte: first }, first_on: { $lt: until } } },
    { $unwind: '$totals' },
    { $match: { 'totals.day': { $gte: first, $lt: until } } },
    { $group: { _id: '$currency', ...sums } },
    { $project: shown }
  ]).toArray()
  return found
}

const isUrgent = ([severity]) => severity === 'CRITICAL' || severity === 'HIGH'
const added = entries => entries.reduce((sum, [, count]) => sum + count, 0)

async function dashboard () {
  const [sums, counter, states, newest] = await Promise.all([
    costs(),
    db.collection('event_counters').findOne({ _id: org }, { projection: { tally: 1 } }),
    db.collection('accounts').aggregate([
      { $match: { org_id: { $in: orgs }, state: { $in: ['CONNECTING', 'CONNECTED', 'FAILING'] } } },
      { $group: { _id: '$state', count: { $sum: 1 } } }
    ]).toArray(),
    db.collection('cost_periods').findOne({ org_id: { $in: orgs } }, { sort: { last_on: -1 }, projection: { last_on: 1 } })
  ])
  const findings = Object.entries(counter.tally.open_findings ?? {})
  const alerts = Object.entries(counter.tally.open_alerts ?? {})
  return {
    ...sums,
    asOf: new Date(),
    costsUntil: newest && newest.last_on.toISOString().slice(0, 10),
    openFindings: added(findings),
    criticalFindings: added(findings.filter(isUrgent)),
    monthlySaving: String(counter.tally.saving?.[sums.currency] ?? 0),
    openAlerts: added(alerts),
    criticalAlerts: added(alerts.filter(isUrgent)),
    accounts: states.reduce((sum, state) => sum + state.count, 0),
    failingAccounts: states.find(state => state._id === 'FAILING')?.count ?? 0
  }
}

const dateTime = new GraphQLScalarType({
  name: 'DateTime', serialize: value => typeof value === 'string' ? value : value.toISOString()
})

export const resolvers = {
  DateTime: dateTime,
  Query: { version: () => env.BENCH_VERSION, alerts },
  Mutation: { acknowledgeAlert },
  Alert: {
    id: row => globalId('Alert', row._id),
    raisedAt: row => row.raised_at,
    acknowledgedAt: row => row.acknowledged_at,
    timesRaised: row => row.times_raised,
    account: (row, _, context, info) => context.accounts.load(row.account_id, info),
    finding: (row, _, context, info) => context.findings.load(row.finding_id, info)
  },
  Account: { id: row => globalId('Account', row._id) },
  Finding: {
    id: row => globalId('Finding', row._id),
    resource: (row, _, context, info) => context.resources.load(row.resource_id, info)
  },
  Resource: { id: row => globalId('Resource', row._id) }
}
if (!typeDefs.includes('  version: String!')) delete resolvers.Query.version
if (typeDefs.includes('type Dashboard ')) resolvers.Query.dashboard = dashboard

// What is published is an alert as it is stored, with the time of its sending as the title.
export function message (title) {
  const at = new Date()
  return {
    __typename: 'AlertRaised',
    cursor: env.BENCH_CURSOR,
    at,
    alert: {
      _id: org, title, severity: 'HIGH', message: env.BENCH_MESSAGE, state: 'OPEN', raised_at: at
    }
  }
}

export function readBody (request) {
  return new Promise(resolve => {
    let text = ''
    request.on('data', piece => { text += piece })
    request.on('end', () => resolve(text))
  })
}
