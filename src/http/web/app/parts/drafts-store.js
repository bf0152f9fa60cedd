// What is being written, the files that belong to it, and what waits to be sent, in this browser's own database: it is
// there again after a crash. Where a browser has none, it holds until the page is closed.

/** @typedef {"writing" | "files" | "outbox"} Store */

/** @type {Store[]} */
const STORES = ["writing", "files", "outbox"];

/** @type {Promise<IDBDatabase> | null} */
let opened = null;
/** @type {Map<Store, Map<string, any>>} */
const inMemory = new Map(STORES.map((name) => [name, new Map()]));

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("majlis", 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name, { keyPath: "id" }));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      const forget = () => (opened = null);
      database.onversionchange = () => (database.close(), forget());
      database.onclose = forget;
      resolve(database);
    };
  });
  return opened;
}

/**
 * @template T
 * @param {Store} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>[]} work
 * @returns {Promise<T[]>} When it lies on the disk.
 */
async function transact(store, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const requests = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(requests.map(({ result }) => result));
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Whether this browser keeps anything, or only until the page is closed. */
function keepsForLong() {
  return open().then(() => true, () => false);
}

/**
 * @param {Store} store
 * @param {string} id
 * @returns {Promise<any>} What is kept by that id; undefined where nothing is.
 */
export async function read(store, id) {
  if (!(await keepsForLong())) return inMemory.get(store)?.get(id);
  return (await transact(store, "readonly", (from) => [from.get(id)]))[0];
}

/**
 * @param {Store} store
 * @returns {Promise<any[]>}
 */
export async function all(store) {
  if (!(await keepsForLong())) return [...(inMemory.get(store)?.values() ?? [])];
  return (await transact(store, "readonly", (from) => [from.getAll()]))[0];
}

/**
 * @template {{id: string}} T
 * @param {Store} store
 * @param {T} value
 */
export async function write(store, value) {
  if (!(await keepsForLong())) inMemory.get(store)?.set(value.id, structuredClone(value));
  else await transact(store, "readwrite", (into) => [into.put(value)]);
}

/**
 * @param {Store} store
 * @param {...string} ids
 */
export async function erase(store, ...ids) {
  if (ids.length === 0) return;
  if (!(await keepsForLong())) ids.forEach((id) => inMemory.get(store)?.delete(id));
  else await transact(store, "readwrite", (from) => ids.map((id) => from.delete(id)));
}

/** An id that nothing else has; also where the page is not from a secure place. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
