"""The shop's data: products, carts and orders in one SQLite file behind a small connection pool.

Knows SQL and nothing else. Left out: HTTP (main.py) and telemetry (telemetry.py); the pool's
numbers are offered by `pool_numbers`, and somebody else puts them on a page.
"""
import os
import threading
import time
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool

POOL_SIZE = 10
POOL_WAIT_SECONDS = 5.0
LOCK_WAIT_SECONDS = 5.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS product (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, about TEXT NOT NULL,
  price_cents INTEGER NOT NULL, stock INTEGER NOT NULL CHECK (stock >= 0));
CREATE TABLE IF NOT EXISTS cart_item (
  cart_id TEXT NOT NULL, product_id INTEGER NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0), PRIMARY KEY (cart_id, product_id));
CREATE TABLE IF NOT EXISTS coupon (code TEXT PRIMARY KEY, one_part_in INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS placed_order (
  id INTEGER PRIMARY KEY, cart_id TEXT NOT NULL, total_cents INTEGER NOT NULL,
  placed_unix_seconds INTEGER NOT NULL)
"""

# Product 6 is sold out, which a checkout finds out (409). Stock is reset at every start.
PRODUCTS = [
    (1, "Morning mug", "Stoneware, speckled glaze, holds 300 ml.", 2400, 1_000_000),
    (2, "Harbour vase", "Tall and narrow, for one branch or three tulips.", 5800, 1_000_000),
    (3, "Noodle bowl", "Deep, wide, and warm in both hands.", 3200, 1_000_000),
    (4, "Oil jar", "A thin neck that pours without a drip.", 4100, 1_000_000),
    (5, "Supper plate", "Flat rim, matt inside, glossy outside.", 2900, 1_000_000),
    (6, "Moon lamp", "Porcelain so thin that the light comes through.", 9600, 0),
]

# "One part in N of the total is taken off." BOOM is a row that somebody typed wrongly: dividing by
# it is the real bug behind the 500 that the example shows.
COUPONS = [("WELCOME", 10), ("BOOM", 0)]


class CheckoutRefused(Exception):
    """The shop says no, for a reason that the customer can act on."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Store:
    def __init__(self, path):
        self._path = path
        self._waiting = 0
        self._waiting_lock = threading.Lock()
        self._engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            connect_args={"timeout": LOCK_WAIT_SECONDS, "check_same_thread": False},
        )

    @contextmanager
    def _connection(self):
        """A pooled connection in one transaction: committed at the end, undone by an exception."""
        with self._waiting_lock:
            self._waiting += 1
        try:
            connection = self._engine.connect()
        finally:
            with self._waiting_lock:
                self._waiting -= 1
        with connection, connection.begin():
            yield connection

    def pool_numbers(self):
        """Connections in use, idle, at most, and requests that wait for one."""
        pool = self._engine.pool
        return {"used": pool.checkedout(), "idle": pool.checkedin(), "max": POOL_SIZE, "waiting": self._waiting}

    def prepare(self):
        """Makes the tables, fills the shelves, and opens every connection of the pool once."""
        os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
        with self._connection() as db:
            for statement in SCHEMA.split(";"):
                db.execute(text(statement))
            for table, rows in (("product", PRODUCTS), ("coupon", COUPONS)):
                marks = ", ".join(f":c{index}" for index in range(len(rows[0])))
                for row in rows:
                    db.execute(
                        text(f"INSERT OR REPLACE INTO {table} VALUES ({marks})"),
                        {f"c{index}": value for index, value in enumerate(row)},
                    )
        opened = [self._engine.connect() for _ in range(POOL_SIZE)]
        for connection in opened:
            connection.close()

    def check(self):
        """Reads one row; raises when the database can't be read."""
        with self._connection() as db:
            db.execute(text("SELECT id FROM product LIMIT 1")).one()

    def close(self):
        self._engine.dispose()

    def products(self):
        with self._connection() as db:
            return [dict(row._mapping) for row in db.execute(text("SELECT * FROM product ORDER BY id"))]

    def product(self, product_id):
        """The product, or None."""
        with self._connection() as db:
            row = db.execute(text("SELECT * FROM product WHERE id = :id"), {"id": product_id}).one_or_none()
            return dict(row._mapping) if row else None

    def add(self, cart_id, product_id, quantity):
        with self._connection() as db:
            db.execute(
                text(
                    "INSERT INTO cart_item VALUES (:cart, :product, :quantity)"
                    " ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = quantity + :quantity"
                ),
                {"cart": cart_id, "product": product_id, "quantity": quantity},
            )
            return self._cart(db, cart_id)

    def remove(self, cart_id, product_id):
        with self._connection() as db:
            db.execute(
                text("DELETE FROM cart_item WHERE cart_id = :cart AND product_id = :product"),
                {"cart": cart_id, "product": product_id},
            )
            return self._cart(db, cart_id)

    def cart(self, cart_id):
        with self._connection() as db:
            return self._cart(db, cart_id)

    @staticmethod
    def _cart(db, cart_id):
        rows = db.execute(
            text(
                "SELECT product_id, name, price_cents, quantity FROM cart_item"
                " JOIN product ON product.id = product_id WHERE cart_id = :cart ORDER BY product_id"
            ),
            {"cart": cart_id},
        )
        items = [dict(row._mapping) for row in rows]
        return {"items": items, "total_cents": sum(item["price_cents"] * item["quantity"] for item in items)}

    def place_order(self, cart_id, coupon):
        """Takes the stock, writes the order, empties the cart. Raises CheckoutRefused; then nothing has changed."""
        with self._connection() as db:
            cart = self._cart(db, cart_id)
            if not cart["items"]:
                raise CheckoutRefused("empty_cart")
            total_cents = cart["total_cents"]
            if coupon:
                row = db.execute(text("SELECT one_part_in FROM coupon WHERE code = :code"), {"code": coupon}).one_or_none()
                if row is None:
                    raise CheckoutRefused("unknown_coupon")
                total_cents -= total_cents // row.one_part_in
            for item in cart["items"]:
                taken = db.execute(
                    text("UPDATE product SET stock = stock - :quantity WHERE id = :product_id AND stock >= :quantity"),
                    {"quantity": item["quantity"], "product_id": item["product_id"]},
                )
                if taken.rowcount == 0:
                    raise CheckoutRefused("out_of_stock")
            order = db.execute(
                text("INSERT INTO placed_order (cart_id, total_cents, placed_unix_seconds) VALUES (:cart, :total, :now)"),
                {"cart": cart_id, "total": total_cents, "now": int(time.time())},
            )
            db.execute(text("DELETE FROM cart_item WHERE cart_id = :cart"), {"cart": cart_id})
            return {"order_id": order.lastrowid, "total_cents": total_cents}

    def slow_report(self, seconds):
        """Holds a connection as a slow query would: under load it is what drains the pool."""
        with self._connection() as db:
            time.sleep(seconds)
            orders, cents = db.execute(text("SELECT count(*), coalesce(sum(total_cents), 0) FROM placed_order")).one()
            return {"orders": orders, "total_cents": cents}
