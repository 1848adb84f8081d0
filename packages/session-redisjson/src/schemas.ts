export { StoredMessage } from './document/stored-message.schema.ts';
