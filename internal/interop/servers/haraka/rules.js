// What ../README.md says of addresses, ports and content, for Haraka. It takes
// its ports and its directory from the environment.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const DSN = require('haraka-dsn');

const { WORK, PORT_SUBMISSION, PORT_LIMITED } = process.env;
const box = path.join(WORK, 'maildir');
// Without one of these Haraka chooses the code by itself.
const reply = (code, text, subject, detail) => DSN.create(code, text, subject, detail);
const dropped = (address) => address.endsWith('@discard.test');

exports.register = function () {
  this.register_hook('mail', 'sender');
  this.register_hook('rcpt', 'recipient');
  this.register_hook('data_post', 'content');
  this.register_hook('queue', 'deliver');
  // Mail of who has logged in would go out into the world.
  this.register_hook('queue_outbound', 'deliver');
};

// Synchronous answers to a long group of commands overflow the stack of Node.js.
const later =
  (next) =>
  (...verdict) =>
    setImmediate(next, ...verdict);

exports.sender = function (now, connection, params) {
  const next = later(now);
  const address = params[0].address();
  const port = String(connection.local.port);
  if (port === PORT_SUBMISSION && !connection.notes.auth_user) {
    return next(DENY, reply(530, 'authentication required', 7, 0));
  }
  if (port === PORT_LIMITED && (connection.notes.taken || 0) >= 5) {
    return next(DENYSOFTDISCONNECT, reply(421, 'too many messages in this connection', 7, 0));
  }
  if (address.startsWith('badsender@')) return next(DENY, reply(550, 'sender refused', 7, 1));
  if (address.startsWith('tmpsender@')) return next(DENYSOFT, reply(451, 'sender deferred', 7, 1));
  if (address.startsWith('close@')) return next(DENYSOFTDISCONNECT, reply(421, 'closing on this sender', 7, 0));
  return next(OK);
};

exports.recipient = function (now, connection, params) {
  const next = later(now);
  const address = params[0].address();
  if (dropped(address)) return next(OK);
  if (address.startsWith('bad')) return next(DENY, reply(550, 'no such user', 1, 1));
  if (address.startsWith('tmp')) return next(DENYSOFT, reply(450, 'mailbox busy', 2, 1));
  if (address.startsWith('full')) return next(DENYSOFT, reply(452, 'mailbox full', 2, 2));
  if (address.startsWith('close')) return next(DENYSOFTDISCONNECT, reply(421, 'closing on this recipient', 3, 2));
  return next(OK);
};

exports.content = function (next, connection) {
  if (connection.transaction.header.get('Subject').startsWith('REJECTME')) {
    return next(DENY, reply(550, 'content refused', 7, 1));
  }
  return next();
};

// A file for each recipient, the envelope on top of the Received that Haraka
// puts before the content.
exports.deliver = function (next, connection) {
  const { transaction } = connection;
  connection.notes.taken = (connection.notes.taken || 0) + 1;
  const kept = transaction.rcpt_to.map((r) => r.address()).filter((a) => !dropped(a));
  transaction.message_stream.get_data((content) => {
    kept.forEach((address, n) => {
      const name = `${transaction.uuid}.${n}`;
      const top = `Return-Path: <${transaction.mail_from.address()}>\r\nX-Original-To: ${address}\r\n`;
      fs.writeFileSync(path.join(box, 'tmp', name), Buffer.concat([Buffer.from(top), content]));
      fs.renameSync(path.join(box, 'tmp', name), path.join(box, 'new', name));
    });
    next(OK, 'queued');
  });
};
