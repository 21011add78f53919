// A radio for Zigbee2MQTT without hardware: node --require radio.js …/zigbee2mqtt/index.js
// It stands where a USB stick's driver stands, below Zigbee2MQTT and its zigbee-herdsman: whole
// ZCL frames go in and out, so discovery, converters, configuring and pinging are the real ones.
// The devices of devices.json keep attributes, answer reads and writes, obey what they are sent
// and report what changed. Standard input takes a JSON object a line:
//   {"device", "report": CLUSTER, "values": {ATTRIBUTE: VALUE}}   the device tells by itself
//   {"device", "notify": CLUSTER, "command", "values"}            an alarm of the device
//   {"device", "press": CLUSTER, "command", "values"}             a command that a remote sends
// Standard output gets a line "RADIO {…}" for each command or write that reached a device.
// RADIO_SILENT names devices, with commas, that are out of reach.
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const modules = process.env.RADIO_MODULES;
const herdsman = require(path.join(modules, "zigbee-herdsman"));
const { Adapter } = require(path.join(modules, "zigbee-herdsman/dist/adapter"));
const { Zcl } = herdsman;
const LONG_AGO = 48 * 3_600_000;
const COORDINATOR = "0x00124b0000000001";
const PROFILE = 260;
const silent = new Set((process.env.RADIO_SILENT ?? "").split(",").filter(Boolean));
const rows = JSON.parse(fs.readFileSync(path.join(__dirname, "devices.json"), "utf8"));
const devices = rows.map((row, index) => ({
  ...row,
  address: 0x1000 + index,
  ieee: "0x00158d00" + (0x1000001 + index).toString(16).padStart(8, "0"),
  attributes: new Map(Object.entries(row.values ?? {})),
}));
const named = new Map(devices.map((device) => [device.name, device]));
const at = new Map(devices.map((device) => [device.address, device]));
let radio;
let sequence = 0;

// What a command changes; a real device then reports its attributes, and so does this one.
const OBEYS = {
  genOnOff: {
    on: () => ({ genOnOff: { onOff: 1 } }),
    off: () => ({ genOnOff: { onOff: 0 } }),
  },
  genLevelCtrl: {
    moveToLevelWithOnOff: ({ level }) => ({
      genLevelCtrl: { currentLevel: level },
      genOnOff: { onOff: level > 0 ? 1 : 0 },
    }),
  },
  lightingColorCtrl: {
    moveToColorTemp: ({ colortemp }) => ({ lightingColorCtrl: { colorTemperature: colortemp } }),
  },
  closuresDoorLock: {
    lockDoor: () => ({ closuresDoorLock: { lockState: 1 } }),
    unlockDoor: () => ({ closuresDoorLock: { lockState: 2 } }),
  },
  closuresWindowCovering: {
    goToLiftPercentage: ({ percentageliftvalue }) => ({
      closuresWindowCovering: { currentPositionLiftPercentage: percentageliftvalue },
    }),
  },
};

function database() {
  const coordinator = {
    id: 1, type: "Coordinator", ieeeAddr: COORDINATOR, nwkAddr: 0, manufId: 0, epList: [1],
    endpoints: {
      1: { epId: 1, profId: PROFILE, devId: 5, inClusterList: [], outClusterList: [], clusters: {} },
    },
    interviewState: "SUCCESSFUL", meta: {},
  };
  const others = devices.map((device, index) => {
    const clusters = device.clusters.map((name) => Zcl.Clusters[name]?.ID ?? name);
    return {
      id: index + 2, type: device.power === 3 ? "EndDevice" : "Router", ieeeAddr: device.ieee,
      nwkAddr: device.address, manufId: 4447, manufName: device.maker, modelId: device.model,
      powerSource: device.power === 3 ? "Battery" : "Mains (single phase)", epList: [1],
      endpoints: {
        1: {
          epId: 1, profId: PROFILE, devId: 1, inClusterList: clusters, outClusterList: [6, 8, 258],
          clusters: {},
        },
      },
      zclVersion: 3, interviewState: "SUCCESSFUL", meta: {},
      lastSeen: Date.now() - (silent.has(device.name) ? LONG_AGO : 0),
    };
  });
  return [coordinator, ...others].map((entry) => JSON.stringify(entry)).join("\n");
}

function payload(device, frame) {
  const data = frame.toBuffer();
  return {
    clusterID: frame.cluster.ID, address: device.address, header: Zcl.Header.fromBuffer(data), data,
    endpoint: 1, linkquality: 120, groupID: 0, wasBroadcast: false, destinationEndpoint: 1,
  };
}

function frame(cluster, command, values, more = {}) {
  const { kind = Zcl.FrameType.GLOBAL, direction = Zcl.Direction.SERVER_TO_CLIENT } = more;
  sequence = (sequence + 1) % 256;
  const number = more.answers ?? sequence;
  return Zcl.Frame.create(kind, direction, true, more.maker, number, command, cluster, values, {});
}

function say(device, made) {
  radio.emit("zclPayload", payload(device, made));
}

function report(device, known, values) {
  const records = Object.entries(values).map(([name, value]) => {
    device.attributes.set(`${known.name}.${name}`, value);
    const attribute = known.attributes[name];
    return { attrId: attribute.ID, dataType: attribute.type, attrData: value };
  });
  say(device, frame(known, "report", records));
}

function answerRead(device, cluster, asked) {
  return asked.map(({ attrId }) => {
    const [name, attribute] =
      Object.entries(cluster.attributes).find(([, one]) => one.ID === attrId) ?? [];
    const value = name === "zclVersion" ? 3 : device.attributes.get(`${cluster.name}.${name}`);
    if (value === undefined) return { attrId, status: Zcl.Status.UNSUPPORTED_ATTRIBUTE };
    return { attrId, status: Zcl.Status.SUCCESS, dataType: attribute.type, attrData: value };
  });
}

function written(device, cluster, records) {
  const values = {};
  for (const { attrId, attrData } of records) {
    const found = Object.entries(cluster.attributes).find(([, one]) => one.ID === attrId);
    if (found) values[found[0]] = attrData;
  }
  heard(device, cluster.name, "write", values);
  if (Object.keys(values).length > 0) setImmediate(report, device, cluster, values);
}

function heard(device, cluster, command, values) {
  console.log("RADIO " + JSON.stringify({ device: device.name, cluster, command, values }));
}

function obey(device, sent) {
  const { cluster, command } = sent;
  const back = { answers: sent.header.transactionSequenceNumber, maker: sent.header.manufacturerCode };
  if (sent.header.isGlobal) {
    const done = [{ status: Zcl.Status.SUCCESS }];
    if (command.name === "read") {
      return frame(cluster, "readRsp", answerRead(device, cluster, sent.payload), back);
    }
    if (command.name === "configReport") return frame(cluster, "configReportRsp", done, back);
    if (command.name === "write") {
      written(device, cluster, sent.payload);
      return frame(cluster, "writeRsp", done, back);
    }
  } else {
    heard(device, cluster.name, command.name, sent.payload);
    const changed = OBEYS[cluster.name]?.[command.name]?.(sent.payload) ?? {};
    for (const [name, values] of Object.entries(changed)) {
      setImmediate(report, device, Zcl.Utils.getCluster(name, undefined, {}), values);
    }
  }
  const status = { cmdId: sent.header.commandIdentifier, statusCode: Zcl.Status.SUCCESS };
  return frame(cluster, "defaultRsp", status, back);
}

class Radio extends Adapter {
  async start() { radio = this; return "resumed"; }
  async stop() {}
  async getCoordinatorIEEE() { return COORDINATOR; }
  async getCoordinatorVersion() { return { type: "none", meta: { revision: 1 } }; }
  async reset() {}
  async supportsBackup() { return false; }
  async permitJoin() {}
  async addInstallCode() {}
  async getNetworkParameters() {
    return { panID: 6754, extendedPanID: "0x0102030405060708", channel: 11, nwkUpdateID: 0 };
  }
  waitFor() { return { promise: new Promise(() => {}), cancel() {} }; }
  async sendZdo() { return [0, undefined]; }
  async sendZclFrameToGroup() {}
  async sendZclFrameToAll() {}
  async sendZclFrameToEndpoint(_ieee, address, _endpoint, sent, _timeout, noAnswer) {
    const device = at.get(address);
    if (!device || silent.has(device.name)) throw new Error("no answer from the air");
    const answer = obey(device, sent);
    return noAnswer ? undefined : payload(device, answer);
  }
}

function tell({ device: name, report: reported, notify, press, command, values }) {
  const device = named.get(name);
  silent.delete(name);
  if (reported) return report(device, Zcl.Utils.getCluster(reported, undefined, {}), values);
  const kind = Zcl.FrameType.SPECIFIC;
  if (notify) return say(device, frame(notify, command, values, { kind }));
  const direction = Zcl.Direction.CLIENT_TO_SERVER;
  return say(device, frame(press, command, values ?? {}, { kind, direction }));
}

Adapter.create = async (network, serial, backup, options) =>
  new Radio(network, serial, backup, options);
fs.writeFileSync(path.join(process.env.ZIGBEE2MQTT_DATA, "database.db"), database());
readline.createInterface({ input: process.stdin }).on("line", (line) => tell(JSON.parse(line)));
