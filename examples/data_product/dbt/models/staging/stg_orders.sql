select order_id, ordered_at, status, amount::numeric(12, 2) as amount, currency, items, country, email as customer
from {{ source('raw', 'orders') }}
