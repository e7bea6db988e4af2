select order_id, ordered_at, status, currency, items, country, customer, ordered_at::date as day,
  round(amount * case currency when 'USD' then 0.92 when 'CHF' then 1.05 else 1 end, 2) as amount_eur
from {{ ref('stg_orders') }}
