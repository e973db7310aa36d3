"""The shop's API: products, carts, a checkout that can fail, a slow report, health and metrics.

Run it: `python main.py --port 8000`. Settings by environment: SHOP_DB (SQLite file, default shop.db),
SHOP_SLOW_MS (default 1200), and OpenTelemetry's own OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_BSP_SCHEDULE_DELAY. SIGTERM lets running requests end and sends the last spans.
Left out: authentication, money and everything else that a real shop has and telemetry doesn't need.
"""
import argparse
import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import Optional
from uuid import UUID

import uvicorn
from anyio import fail_after, to_thread
from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from sqlalchemy.exc import TimeoutError as PoolExhausted

from store import CheckoutRefused, Store
from telemetry import VERSION, Numbers, RequestLines, trace_requests

READY_LIMIT_SECONDS = 1.0
PREPARE_AGAIN_SECONDS = 1.0
# The number by which payment providers' test modes decline.
DECLINED_CARD = "4000000000000002"

store = Store(os.environ.get("SHOP_DB", "shop.db"))
numbers = Numbers(store.pool_numbers)
slow_seconds = float(os.environ.get("SHOP_SLOW_MS", "1200")) / 1000


async def prepare_store(app):
    """Until the database lets itself be prepared; the service is up meanwhile and says so."""
    while not app.state.started:
        try:
            await to_thread.run_sync(store.prepare)
            app.state.started = True
        except Exception as error:  # whatever the reason: locked, no permission, a full disk
            print(f"database not prepared: {type(error).__name__}", file=sys.stderr, flush=True)
            await asyncio.sleep(PREPARE_AGAIN_SECONDS)


@asynccontextmanager
async def lifespan(app):
    app.state.started = False
    preparing = asyncio.create_task(prepare_store(app))
    yield
    preparing.cancel()
    await to_thread.run_sync(spans.shutdown)
    store.close()


app = FastAPI(title="Shop API", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(RequestLines)
spans = trace_requests(app)


class CartItem(BaseModel):
    product_id: int
    quantity: int = Field(1, ge=1, le=99)


class Checkout(BaseModel):
    cart_id: UUID
    card_number: str = Field(pattern=r"^\d{12,19}$")
    coupon: Optional[str] = Field(None, max_length=32)


@app.get("/products")
def list_products():
    return store.products()


@app.get("/products/{id}")
def read_product(id: int):
    product = store.product(id)
    if product is None:
        raise HTTPException(404, "no such product")
    return product


@app.get("/carts/{cart_id}")
def read_cart(cart_id: UUID):
    return store.cart(str(cart_id))


@app.post("/carts/{cart_id}/items", status_code=201)
def add_item(cart_id: UUID, item: CartItem):
    if store.product(item.product_id) is None:
        raise HTTPException(404, "no such product")
    return store.add(str(cart_id), item.product_id, item.quantity)


@app.delete("/carts/{cart_id}/items/{product_id}")
def remove_item(cart_id: UUID, product_id: int):
    return store.remove(str(cart_id), product_id)


@app.post("/checkout")
def place_order(checkout: Checkout):
    try:
        if checkout.card_number == DECLINED_CARD:
            raise CheckoutRefused("declined")
        order = store.place_order(str(checkout.cart_id), checkout.coupon)
    except CheckoutRefused as refusal:
        numbers.checkout_failures.labels(refusal.reason).inc()
        raise HTTPException(402 if refusal.reason == "declined" else 409, refusal.reason)
    except Exception:
        numbers.checkout_failures.labels("error").inc()
        raise
    numbers.orders_placed.inc()
    return order


@app.get("/slow")
def slow_report():
    return store.slow_report(slow_seconds)


@app.exception_handler(PoolExhausted)
async def say_busy(_request, _error):
    return JSONResponse({"detail": "busy"}, 503, {"retry-after": "1"})


@app.get("/health/live", include_in_schema=False)
async def live():
    return {"status": "ok"}


@app.get("/health/ready", include_in_schema=False)
async def ready():
    try:
        with fail_after(READY_LIMIT_SECONDS):
            await to_thread.run_sync(store.check, abandon_on_cancel=True)
    except Exception:  # a probe answers whatever happened, and names no internals
        return JSONResponse({"status": "not_ready", "failing": ["database"]}, 503)
    return {"status": "ready"}


@app.get("/health/startup", include_in_schema=False)
async def startup():
    if not app.state.started:
        return JSONResponse({"status": "starting"}, 503)
    return {"status": "started"}


@app.get("/metrics", include_in_schema=False)
async def metrics():
    return Response(generate_latest(numbers.registry), headers={"content-type": CONTENT_TYPE_LATEST})


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="The shop's API.")
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    options = arguments.parse_args()
    # uvicorn's own lines go to stderr, and only from "warning": stdout has one JSON line a request.
    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
